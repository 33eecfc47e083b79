# Runs a rules file on a feed and compares what it prints, byte for byte.
#   cmake -DMILLRACE=... -DRULES=... -DFEED=... -DEXPECTED=... -P check.cmake
execute_process(COMMAND "${MILLRACE}" match --rules "${RULES}" --feed "${FEED}"
                RESULT_VARIABLE status OUTPUT_VARIABLE found ERROR_VARIABLE remarks)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "exit status ${status}: ${remarks}")
endif()
file(READ "${EXPECTED}" expected)
if(NOT found STREQUAL expected)
  message(FATAL_ERROR "found:\n${found}\nexpected (${EXPECTED}):\n${expected}")
endif()
