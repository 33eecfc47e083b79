#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::feed {

/// What a record holds under one name, before any layout gives it a type.
struct raw_value {
  enum class kind : std::uint8_t {
    absent,  ///< the record has no such field; in CSV, no such column or an empty cell
    null,    ///< JSON null
    boolean,
    integer,           ///< in `integer_value`
    unsigned_integer,  ///< above 2^63 - 1, in `unsigned_value`
    floating,          ///< in `floating_value`
    string,            ///< in `text`, escapes decoded
    other              ///< an object or an array, or a scalar that is none
  };

  kind what = kind::absent;
  bool boolean_value = false;
  std::int64_t integer_value = 0;
  std::uint64_t unsigned_value = 0;
  double floating_value = 0;
  /// The text of a string. In CSV, where every cell is text, that of any cell; a cell that is quoted or is
  /// neither a number nor `true` or `false` is a string.
  std::string_view text;
};

struct decimal;

/// Fills in a number: an integer when it is written as one and fits 64 bits, else the nearest floating-point number.
void read_number(const decimal& number, raw_value& into) noexcept;

/// Says which of a feed's layouts a record has. Implementations: those below, and conditions compiled from
/// `event X when ...`.
///
/// Threads: `select` may be called by any thread at once. Allocation: none in `select`.
class selector {
 public:
  selector() = default;
  selector(const selector&) = delete;
  selector& operator=(const selector&) = delete;
  virtual ~selector() = default;

  /// Index of the layout, or nothing: a record of no declared type. `probes` are the values of the fields
  /// that the layout set names as probes, in that order; their text lives until the call returns.
  [[nodiscard]] virtual std::optional<std::size_t> select(std::span<const raw_value> probes) const = 0;
};

/// One layout that every record has.
class single_layout final : public selector {
 public:
  [[nodiscard]] std::optional<std::size_t> select(std::span<const raw_value>) const override { return 0; }
};

/// The first probe, a string, equals the layout's name. Its one probe is the field "type".
class by_type_field final : public selector {
 public:
  explicit by_type_field(std::vector<std::string> names) : names_(std::move(names)) {}
  [[nodiscard]] std::optional<std::size_t> select(std::span<const raw_value> probes) const override;

 private:
  std::vector<std::string> names_;
};

}  // namespace millrace::feed
