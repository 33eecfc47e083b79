# Other systems' answers: pattern cases of Flink CEP, stream cases of Kafka Streams and Flink.
add_library(millrace_cep_cases STATIC conformance/cep_case.cpp conformance/rules_run.cpp)
target_link_libraries(millrace_cep_cases PRIVATE millrace_private_flags simdjson::simdjson PUBLIC millrace::pipeline)
target_include_directories(millrace_cep_cases PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")

add_executable(cep_conformance conformance/cep_conformance.cpp)
target_link_libraries(cep_conformance PRIVATE millrace_private_flags millrace_cep_cases fmt::fmt)

set(cep_case_files flink_suite flink_probe flink_random flink_random_wm own)
list(TRANSFORM cep_case_files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/cep/")
list(TRANSFORM cep_case_files APPEND .jsonl)
add_test(NAME conformance.cep_inline COMMAND cep_conformance ${cep_case_files})
foreach(shards 1 2 4)
  add_test(NAME conformance.cep_${shards}_shards COMMAND cep_conformance --shards ${shards} ${cep_case_files})
endforeach()
# By single runs too, where the fastest class would be another.
add_test(NAME conformance.cep_runs_inline COMMAND cep_conformance --class runs ${cep_case_files})
add_test(NAME conformance.cep_runs_2_shards COMMAND cep_conformance --class runs --shards 2 ${cep_case_files})

# Stream cases of Kafka Streams and Flink; one operator a file.
add_executable(streams_conformance
  conformance/streams/case_fault.cpp
  conformance/streams/difference.cpp
  conformance/streams/fk_join.cpp
  conformance/streams/interval_join.cpp
  conformance/streams/stream_case.cpp
  conformance/streams/stream_global_join.cpp
  conformance/streams/stream_operators.cpp
  conformance/streams/stream_stream_join.cpp
  conformance/streams/stream_table_join.cpp
  conformance/streams/streams_conformance.cpp
  conformance/streams/table_agg.cpp
  conformance/streams/table_filter.cpp
  conformance/streams/table_table_join.cpp
  conformance/streams/window_agg.cpp
  conformance/streams/window_agg_wm.cpp)
target_link_libraries(streams_conformance PRIVATE millrace_private_flags millrace::core fmt::fmt simdjson::simdjson)

foreach(op fk_join interval_join stream_global_join stream_stream_join stream_table_join table_agg table_filter
        table_table_join window_agg window_agg_wm)
  add_test(NAME conformance.streams_${op}
           COMMAND streams_conformance "${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/streams/${op}.jsonl")
endforeach()

add_test(NAME conformance.streams_own
         COMMAND streams_conformance "${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/streams/own.jsonl")

find_program(MILLRACE_PYTHON python3 REQUIRED)
add_test(NAME conformance.streams_bad_cases
         COMMAND "${MILLRACE_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/tools/stream_cases_test.py" $<TARGET_FILE:streams_conformance>)

# The slow, obvious reading of the patterns' meaning: held against Flink's answers, then against the engine.
add_library(millrace_cep_oracle STATIC
  conformance/oracle/condition.cpp
  conformance/oracle/described.cpp
  conformance/oracle/nodes.cpp
  conformance/oracle/oracle.cpp)
target_link_libraries(millrace_cep_oracle PRIVATE millrace_private_flags PUBLIC millrace_cep_cases)
millrace_test(cep_oracle
  SOURCES
    conformance/oracle/engine_test.cpp
    conformance/oracle/feed_text.cpp
    conformance/oracle/flink_test.cpp
    conformance/oracle/random_case.cpp
  LIBRARIES millrace_cep_oracle simdjson::simdjson)
target_compile_definitions(cep_oracle_tests PRIVATE
  MILLRACE_CEP_CASES="${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases/cep")
