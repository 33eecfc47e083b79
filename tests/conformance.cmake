# Other systems' answers: pattern cases of Flink CEP.
add_library(millrace_cep_cases STATIC conformance/cep_case.cpp)
target_link_libraries(millrace_cep_cases PRIVATE millrace_private_flags simdjson::simdjson PUBLIC millrace::pipeline)
target_include_directories(millrace_cep_cases PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")

add_executable(cep_conformance conformance/cep_conformance.cpp)
target_link_libraries(cep_conformance PRIVATE millrace_private_flags millrace_cep_cases fmt::fmt)

set(cep_case_files flink_suite flink_probe flink_random flink_random_wm)
list(TRANSFORM cep_case_files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/cep/")
list(TRANSFORM cep_case_files APPEND .jsonl)
add_test(NAME conformance.cep_inline COMMAND cep_conformance ${cep_case_files})
foreach(shards 1 2 4)
  add_test(NAME conformance.cep_${shards}_shards COMMAND cep_conformance --shards ${shards} ${cep_case_files})
endforeach()
