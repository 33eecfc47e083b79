# Runs a rules file on a feed, in one thread and over two shards, and compares what it prints, byte for byte.
#   cmake -DMILLRACE=... -DRULES=... -DFEED=... -DEXPECTED=... -P check.cmake
file(READ "${EXPECTED}" expected)
foreach(options "" "--shards;2")
  execute_process(COMMAND "${MILLRACE}" replay --rules "${RULES}" --feed "${FEED}" ${options}
                  RESULT_VARIABLE status OUTPUT_VARIABLE found ERROR_VARIABLE remarks)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "exit status ${status} (${options}): ${remarks}")
  endif()
  if(NOT found STREQUAL expected)
    message(FATAL_ERROR "found (${options}):\n${found}\nexpected (${EXPECTED}):\n${expected}")
  endif()
endforeach()
