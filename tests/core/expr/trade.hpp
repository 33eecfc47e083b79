#pragma once

#include <millrace/base/fixed_string.hpp>
#include <millrace/event/event.hpp>
#include <millrace/event/layout.hpp>
#include <millrace/expr/compile.hpp>
#include <millrace/rules/parse.hpp>

#include <gtest/gtest.h>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::expr {

/// A value as a person writes it down. Times and durations are integers.
using cell = std::variant<bool, wide, double, std::string>;
using record = std::map<std::string, cell, std::less<>>;

/// The fields of the event that these tests compute with: one of each type.
inline const std::vector<std::pair<std::string, field_type>>& trade_fields() {
  static const std::vector<std::pair<std::string, field_type>> fields{
      {"ok", field_type::boolean},  {"i8", field_type::i8},        {"i16", field_type::i16},
      {"i32", field_type::i32},     {"i64", field_type::i64},      {"u8", field_type::u8},
      {"u16", field_type::u16},     {"u32", field_type::u32},      {"u64", field_type::u64},
      {"f32", field_type::f32},     {"f64", field_type::f64},      {"name", field_type::string},
      {"note", field_type::string}, {"ts", field_type::timestamp}, {"wait", field_type::duration}};
  return fields;
}

inline event_layout trade_layout(event_type type = 0) {
  event_layout made("Trade", type);
  for (const auto& [name, kind] : trade_fields()) {
    field f;
    f.name = name;
    f.type = kind;
    f.capacity = name == "name" ? 6 : name == "note" ? 20 : 0;
    made.add(f);
  }
  return made;
}

template <class T>
void store(std::byte* at, T v) {
  std::memcpy(at, &v, sizeof v);
}

inline void store_cell(std::byte* data, const field& f, const cell& v) {
  std::byte* const at = data + f.offset;
  const auto integer = [&] { return std::get<wide>(v); };
  if (f.nullable) data[f.presence] = std::byte{1};
  switch (f.type) {
    case field_type::boolean: return store(at, static_cast<std::uint8_t>(std::get<bool>(v)));
    case field_type::i8: return store(at, static_cast<std::int8_t>(integer()));
    case field_type::i16: return store(at, static_cast<std::int16_t>(integer()));
    case field_type::i32: return store(at, static_cast<std::int32_t>(integer()));
    case field_type::u8: return store(at, static_cast<std::uint8_t>(integer()));
    case field_type::u16: return store(at, static_cast<std::uint16_t>(integer()));
    case field_type::u32: return store(at, static_cast<std::uint32_t>(integer()));
    case field_type::u64: return store(at, static_cast<std::uint64_t>(integer()));
    case field_type::f32: return store(at, static_cast<float>(std::get<double>(v)));
    case field_type::f64: return store(at, std::get<double>(v));
    case field_type::string: ASSERT_TRUE(write_fixed_string(at, f.capacity, std::get<std::string>(v))); return;
    default: return store(at, static_cast<std::int64_t>(integer()));
  }
}

/// An event of a layout in memory of its own; fields not named have the layout's blanks.
class made_event {
 public:
  made_event(const event_layout& layout, const record& cells) : bytes_(sizeof(event_header) + layout.bytes() + 64) {
    header_ = new (aligned()) event_header{};
    header_->type = layout.type();
    std::memcpy(data_of(*header_), layout.blank().data(), layout.bytes());
    for (const auto& [name, value] : cells)
      store_cell(data_of(*header_), layout.fields()[layout.find(name).value()], value);
  }

  [[nodiscard]] const event_header* operator->() const { return header_; }
  [[nodiscard]] const event_header* get() const { return header_; }
  [[nodiscard]] event_header* get() { return header_; }

 private:
  void* aligned() {
    void* at = bytes_.data();
    std::size_t room = bytes_.size();
    return std::align(64, 1, at, room);
  }
  std::vector<std::byte> bytes_;
  event_header* header_;
};

/// The expression that a text writes; its places count from the text's start.
inline syntax read(const std::string& text) {
  const std::string head = "event E when ";
  syntax made = *rules::parse({"text", head + text + " { ts : timestamp }"}).events.at(0).when;
  const auto move_back = [&](auto&& self, syntax& node) -> void {
    node.where.begin -= head.size();
    node.where.end -= head.size();
    for (syntax& operand : node.operands) self(self, operand);
  };
  move_back(move_back, made);
  return made;
}

/// Stages "a", "b" and "never" before an event, all of type Trade.
class trade_scope {
 public:
  trade_scope() : layout_(trade_layout()), layouts_{&layout_} {
    names.layouts = layouts_;
    names.current = {0};
    names.stages = {{"a", 0, {0}}, {"b", 1, {0}}, {"never", 2, {0}}};
  }

  [[nodiscard]] const event_layout& layout() const { return layout_; }

  scope names;

 private:
  event_layout layout_;
  std::vector<const event_layout*> layouts_;
};

inline std::string refusal_of(const std::string& text) {
  const trade_scope scope;
  try {
    static_cast<void>(compile(read(text), scope.names));
  } catch (const type_error& e) {
    return std::to_string(e.where().begin) + "-" + std::to_string(e.where().end) + " " + e.what();
  }
  return "compiled";
}

/// Evaluates texts over one event and what was taken before it.
class calculation {
 public:
  record now{{"ok", true},         {"i32", wide{7}}, {"u64", integer_max},
             {"i64", integer_min}, {"f64", 2.5},     {"name", std::string("Anna")}};
  std::vector<std::pair<std::uint16_t, record>> before;

  struct result {
    bool faulted;
    value_kind kind;
    std::optional<cell> held;
  };

  [[nodiscard]] result of(const std::string& text) const {
    const program code = compile(read(text), scope_.names);
    workspace room;
    room.reserve(code.text_slots(), code.text_bytes());
    std::vector<made_event> events;
    for (const auto& [stage, cells] : before) events.emplace_back(scope_.layout(), cells);
    std::vector<taken_event> taken;
    for (std::size_t i = 0; i < events.size(); ++i) taken.push_back({events[i].get(), before[i].first});
    const made_event current(scope_.layout(), now);
    bool faulted = false;
    const value v = code.evaluate(current.get(), taken, room, faulted);
    if (code.kind() == value_kind::boolean) {
      const outcome tested = code.test(current.get(), taken, room);
      EXPECT_EQ(tested == outcome::fault, faulted) << text;
      EXPECT_EQ(tested == outcome::yes, !faulted && v.present && v.boolean) << text;
    }
    return {faulted, code.kind(), cell_of(v, code.kind())};
  }

  [[nodiscard]] bool holds(const std::string& text) const { return of(text).held == cell(true); }
  [[nodiscard]] bool faults(const std::string& text) const { return of(text).faulted; }

  static std::optional<cell> cell_of(const value& v, value_kind kind) {
    if (!v.present) return std::nullopt;
    switch (kind) {
      case value_kind::boolean: return v.boolean;
      case value_kind::floating: return v.floating;
      case value_kind::text: return std::string(v.text());
      default: return v.integer;
    }
  }

 private:
  trade_scope scope_;
};

}  // namespace millrace::expr
