#include <millrace/sink/dead_letter_file.hpp>

#include <millrace/base/error.hpp>
#include <millrace/sink/json_text.hpp>

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace millrace::sink {
namespace {

void append_hex(std::string& into, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    into += digits[static_cast<unsigned char>(c) >> 4];
    into += digits[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

dead_letter_file::dead_letter_file(const std::string& path)
    : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) throw error("cannot write '" + path + "': " + std::strerror(errno));
  out_ = std::make_unique<text_output>(descriptor_, "'" + path + "'");
}

dead_letter_file::~dead_letter_file() {
  out_.reset();
  ::close(descriptor_);
}

void dead_letter_file::add(std::uint64_t line, std::uint64_t record, std::string_view reason, std::string_view text) {
  line_.clear();
  json_text json(line_);
  json.raw("{\"line\":")
      .integer(static_cast<expr::wide>(line))
      .raw(",\"record\":")
      .integer(static_cast<expr::wide>(record));
  json.raw(",\"reason\":").quoted(reason);
  if (simdjson::validate_utf8(text.data(), text.size())) {
    json.raw(",\"text\":").quoted(text);
  } else {
    json.raw(",\"bytes\":\"");
    append_hex(line_, text);
    line_ += '"';
  }
  line_ += "}\n";
  static_cast<void>(out_->write(line_));
}

}  // namespace millrace::sink
