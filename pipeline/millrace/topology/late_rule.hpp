#pragma once

#include <millrace/cep/release.hpp>
#include <millrace/stage/output_order.hpp>
#include <millrace/topology/running_rule.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace millrace::detail {

/// Where the handler of a pattern that came at run time puts records, whichever executor runs it: see `record_output`.
class any_output {
 public:
  virtual std::byte* claim(const output_order& order, std::size_t bytes) = 0;
  virtual void publish() = 0;

 protected:
  ~any_output() = default;
};

template <class Out>
class output_behind final : public any_output {
 public:
  explicit output_behind(Out& out) noexcept : out_(out) {}
  std::byte* claim(const output_order& order, std::size_t bytes) override { return out_.claim(order, bytes); }
  void publish() override { out_.publish(); }

 private:
  Out& out_;
};

/// A pattern that came to a shard at run time, behind indirect calls: one an event, and one when time moves.
///
/// Threads: made by any, then the shard's.
class late_rule {
 public:
  explicit late_rule(std::uint16_t rule_index) noexcept : index(rule_index) {}
  late_rule(const late_rule&) = delete;
  late_rule& operator=(const late_rule&) = delete;
  virtual ~late_rule() = default;

  virtual void open(cep::partition_id id) noexcept = 0;
  virtual void close(cep::partition_id id) noexcept = 0;
  [[nodiscard]] virtual bool idle(cep::partition_id id) noexcept = 0;
  [[nodiscard]] virtual bool has_only_expired(cep::partition_id id, std::int64_t now_ns) noexcept = 0;
  [[nodiscard]] virtual cep::partition_id next_idle() noexcept = 0;
  virtual void drop_key(cep::partition_id id, std::int64_t now_ns, cep::releases& out) = 0;
  virtual void refuse_key(cep::releases& out) = 0;
  [[nodiscard]] virtual bool may_start(const event_header& event) noexcept = 0;
  virtual void process(cep::partition_id id, const event_header& event, cep::releases& out) = 0;
  virtual void advance(std::int64_t now_ns, cep::releases& out) = 0;
  [[nodiscard]] virtual std::optional<std::int64_t> next_deadline() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t start_sequence(const cep::release& r) noexcept = 0;
  virtual void hand_on(const cep::release& r, const output_order& order, any_output& out) = 0;
  [[nodiscard]] virtual bool give_back(std::uint32_t steps) noexcept = 0;
  [[nodiscard]] virtual const cep::matcher_counters& counters() const noexcept = 0;

  const std::uint16_t index;
  std::unique_ptr<late_rule> next;  // of the shard's list
};

template <class T, class Record, class Rule>
class late_rule_of final : public late_rule {
 public:
  late_rule_of(const typename running_rule<Rule>::setup& from, bool keyed) : late_rule(from.index), rule_(from) {
    if (!keyed) rule_.matcher.open(0);
  }

  void open(cep::partition_id id) noexcept override { rule_.matcher.open(id); }
  void close(cep::partition_id id) noexcept override { rule_.matcher.close(id); }
  bool idle(cep::partition_id id) noexcept override { return rule_.matcher.idle(id); }
  bool has_only_expired(cep::partition_id id, std::int64_t now_ns) noexcept override {
    return rule_.matcher.has_only_expired(id, now_ns);
  }
  cep::partition_id next_idle() noexcept override { return rule_.matcher.next_idle(); }
  void drop_key(cep::partition_id id, std::int64_t now_ns, cep::releases& out) override {
    rule_.matcher.drop_key(id, now_ns, out);
  }
  void refuse_key(cep::releases& out) override { rule_.matcher.refuse_key(out); }
  bool may_start(const event_header& event) noexcept override {
    rule_.matcher.begin_event();
    return rule_.matcher.may_start(event);
  }
  void process(cep::partition_id id, const event_header& event, cep::releases& out) override {
    rule_.matcher.begin_event();
    rule_.matcher.process(id, event, out);
  }
  void advance(std::int64_t now_ns, cep::releases& out) override { rule_.matcher.advance(now_ns, out); }
  std::optional<std::int64_t> next_deadline() const noexcept override { return rule_.matcher.next_deadline(); }
  std::uint64_t start_sequence(const cep::release& r) noexcept override { return rule_.matcher.start_sequence(r); }
  void hand_on(const cep::release& r, const output_order& order, any_output& out) override {
    rule_.template hand_on<T, Record>(r, order, out);
  }
  bool give_back(std::uint32_t steps) noexcept override { return rule_.matcher.give_back(steps); }
  const cep::matcher_counters& counters() const noexcept override { return rule_.matcher.counters(); }

 private:
  running_rule<Rule> rule_;
};

/// What one shard gets of a change of patterns, and afterwards keeps what goes.
///
/// Threads: `settled` is for any; the rest the shard's once it was sent.
struct shard_change {
  shard_change(std::uint16_t rule_index, std::unique_ptr<late_rule> rule)
      : index(rule_index), coming(std::move(rule)) {}

  /// The shard needs it no more.
  [[nodiscard]] bool settled() const noexcept { return done.load(std::memory_order_acquire); }  // S2, pairs with S1

  const std::uint16_t index;          // the rule of this number goes, where there is one
  std::unique_ptr<late_rule> coming;  // none: it is not replaced
  std::unique_ptr<late_rule> going;   // none: it is one that was given at build time, or there was none
  shard_change* next = nullptr;
  std::atomic<bool> done{false};
};

}  // namespace millrace::detail
