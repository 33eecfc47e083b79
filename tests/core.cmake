# Rooms of core/.
millrace_test(base SOURCES core/base/crc32c_test.cpp core/base/fixed_string_test.cpp LIBRARIES millrace::core)
millrace_test(builder
  SOURCES core/cep/any_order_test.cpp core/cep/builder_test.cpp core/cep/typed_conditions_test.cpp
  LIBRARIES millrace::core)
millrace_test(cep
  SOURCES core/cep/automaton_test.cpp core/cep/chain_matcher_test.cpp core/cep/formula_test.cpp core/cep/key_slots_test.cpp core/cep/late_timers_test.cpp core/cep/link_row_test.cpp core/cep/prefixed_matcher_test.cpp core/cep/release_test.cpp core/cep/seen_set_test.cpp core/cep/shift_matcher_test.cpp core/cep/state_test.cpp core/cep/waiting_index_test.cpp core/cep/waiting_runs_test.cpp
  LIBRARIES millrace::core)
millrace_test(event SOURCES core/event/envelope_test.cpp core/event/layout_test.cpp LIBRARIES millrace::core)
millrace_test(expr
  SOURCES core/expr/condition_index_test.cpp core/expr/expression_oracle_test.cpp core/expr/expression_test.cpp core/expr/refusal_test.cpp
    core/expr/wait_test.cpp
  LIBRARIES millrace::core)
millrace_test(pool SOURCES core/pool/slab_pool_test.cpp core/pool/spread_objects_test.cpp LIBRARIES millrace::core)
millrace_test(projection SOURCES core/projection/published_ranking_test.cpp core/projection/read_model_test.cpp LIBRARIES millrace::core)
millrace_test(projection_allocation
  SOURCES allocation_counter.cpp core/projection/read_model_allocation_test.cpp
  LIBRARIES millrace::core)
millrace_test(projection_threads
  SOURCES core/projection/read_model_thread_test.cpp
  LIBRARIES millrace::core Threads::Threads
  LABELS concurrent)
millrace_test(ring
  SOURCES core/ring/event_ring_test.cpp core/ring/message_ring_test.cpp core/ring/parker_test.cpp core/ring/spsc_ring_test.cpp
  LIBRARIES millrace::core Threads::Threads
  LABELS concurrent)
millrace_test(ring_model
  SOURCES
    core/ring/event_ring_model_test.cpp
    core/ring/message_ring_model_test.cpp
    core/ring/model/checker_test.cpp
    core/ring/model/execution.cpp
    core/ring/model/explore.cpp
    core/ring/model/fibre.cpp
    core/ring/model/memory.cpp
    core/ring/parker_model_test.cpp
    core/ring/spsc_ring_model_test.cpp
  LIBRARIES millrace::core)
millrace_test(rules
  SOURCES
    core/rules/any_order_test.cpp
    core/rules/check_test.cpp
    core/rules/diagnostic_test.cpp
    core/rules/engine_bounds_test.cpp
    core/rules/engine_change_test.cpp
    core/rules/engine_test.cpp
    core/rules/look_ahead_test.cpp
    core/rules/parse_test.cpp
    core/rules/revision_test.cpp
    core/rules/router_test.cpp
    core/rules/waiting_index_rests_test.cpp
    core/rules/waiting_oracle_test.cpp
    core/rules/window_check_test.cpp
    core/rules/window_oracle_test.cpp
    core/rules/window_run_test.cpp
  LIBRARIES millrace::core)
millrace_test(stream
  SOURCES
    core/stream/deduplicator_test.cpp
    core/stream/flow_test.cpp
    core/stream/interval_join_test.cpp
    core/stream/stream_stream_join_test.cpp
    core/stream/stream_table_join_test.cpp
    core/stream/table_aggregate_test.cpp
    core/stream/table_join_test.cpp
  LIBRARIES millrace::core)
millrace_test(stream_allocation SOURCES allocation_counter.cpp core/stream/stream_allocation_test.cpp LIBRARIES millrace::core)
millrace_test(stats SOURCES core/stats/histogram_test.cpp LIBRARIES millrace::core)
millrace_test(published_table SOURCES core/table/published_table_test.cpp LIBRARIES millrace::core Threads::Threads LABELS concurrent)
millrace_test(table SOURCES core/table/expiring_table_test.cpp core/table/growing_table_test.cpp core/table/keyed_table_test.cpp core/table/slot_tree_test.cpp core/table/table_walk_test.cpp core/table/when_full_test.cpp
              LIBRARIES millrace::core)
millrace_test(time
  SOURCES
    core/time/cycle_clock_test.cpp
    core/time/reorder_buffer_test.cpp
    core/time/timer_buckets_test.cpp
    core/time/timer_wheel_test.cpp
    core/time/timestamp_test.cpp
  LIBRARIES millrace::core)
millrace_test(window
  SOURCES
    allocation_counter.cpp
    core/window/aggregates_test.cpp
    core/window/aligned_windows_test.cpp
    core/window/count_windows_test.cpp
    core/window/daba_lite_test.cpp
    core/window/on_time_windows_test.cpp
    core/window/session_windows_test.cpp
    core/window/sketches_test.cpp
    core/window/sliding_windows_test.cpp
    core/window/suppression_test.cpp
    core/window/window_allocation_test.cpp
  LIBRARIES millrace::core)
