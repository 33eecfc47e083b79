# Rooms of pipeline/.
millrace_test(feed
  SOURCES
    pipeline/feed/byte_source_test.cpp
    pipeline/feed/csv_decoder_test.cpp
    pipeline/feed/layout_set_test.cpp
    pipeline/feed/line_reader_test.cpp
    pipeline/feed/ndjson_decoder_test.cpp
    pipeline/feed/open_feed_test.cpp
    pipeline/feed/value_test.cpp
  LIBRARIES millrace::pipeline ZLIB::ZLIB zstd::libzstd_shared
)
# The same decoder on machines without vectors (simdjson's switch).
add_test(NAME feed.with_the_scalar_kernel COMMAND feed_tests --gtest_brief=1)
set_tests_properties(feed.with_the_scalar_kernel PROPERTIES ENVIRONMENT SIMDJSON_FORCE_IMPLEMENTATION=fallback)

millrace_test(feed_allocation SOURCES allocation_counter.cpp pipeline/feed/feed_allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(measure SOURCES pipeline/measure/disturbance_test.cpp pipeline/measure/interval_log_test.cpp pipeline/measure/latency_recorder_test.cpp LIBRARIES millrace::pipeline ZLIB::ZLIB)
millrace_test(placement SOURCES pipeline/placement/host_facts_test.cpp pipeline/placement/placement_test.cpp LIBRARIES millrace::pipeline)
millrace_test(inline_executor SOURCES pipeline/topology/inline_executor_test.cpp LIBRARIES millrace::pipeline)
millrace_test(replay SOURCES pipeline/replay/event_clock_test.cpp pipeline/replay/pacer_test.cpp LIBRARIES millrace::pipeline)
millrace_test(window_allocation SOURCES allocation_counter.cpp pipeline/replay/window_allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(rule_change SOURCES pipeline/replay/rule_change_test.cpp LIBRARIES millrace::pipeline LABELS concurrent)
millrace_test(sink
  SOURCES pipeline/sink/json_text_test.cpp pipeline/sink/match_line_test.cpp
  LIBRARIES millrace::pipeline simdjson::simdjson)
millrace_test(stage SOURCES pipeline/stage/idle_strategy_test.cpp LIBRARIES millrace::pipeline LABELS concurrent)
millrace_test(pattern_change SOURCES pipeline/topology/pattern_change_test.cpp LIBRARIES millrace::pipeline LABELS concurrent)
millrace_test(change_allocation SOURCES allocation_counter.cpp pipeline/topology/change_allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(threaded_executor SOURCES pipeline/topology/record_reader_test.cpp pipeline/topology/threaded_executor_test.cpp LIBRARIES millrace::pipeline LABELS concurrent)
millrace_test(executor_allocation SOURCES allocation_counter.cpp pipeline/topology/executor_allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(allocation SOURCES allocation_counter.cpp pipeline/topology/allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(operator_allocation SOURCES allocation_counter.cpp pipeline/topology/rules_operator_allocation_test.cpp pipeline/topology/typed_operator_allocation_test.cpp LIBRARIES millrace::pipeline)
millrace_test(topology SOURCES pipeline/topology/bounds_test.cpp pipeline/topology/matcher_class_test.cpp pipeline/topology/topology_test.cpp LIBRARIES millrace::pipeline LABELS concurrent)
