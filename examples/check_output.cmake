# Runs PROGRAM and compares its output with the file EXPECTED, byte for byte.
execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE found RESULT_VARIABLE status)
file(READ "${EXPECTED}" expected)
if(NOT status EQUAL 0 OR NOT found STREQUAL expected)
  message(FATAL_ERROR "exit status ${status}, found:\n${found}expected:\n${expected}")
endif()
