#include <millrace/feed/byte_source.hpp>

#include <millrace/base/error.hpp>
#include <millrace/feed/chunk_input.hpp>

#include <zlib.h>
#include <zstd.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace millrace::feed {
namespace {

/// What every kind of source shares: the input, and an error that waits until the data before it is out.
class source_base : public byte_source {
 public:
  explicit source_base(std::unique_ptr<chunk_input> input) : input_(std::move(input)) {}
  void set_before_read(const read_hook& hook) override { input_->set_before_read(hook); }
  std::uint64_t bytes_read() const noexcept override { return input_->position(); }
  std::optional<std::uint64_t> bytes_total() const noexcept override { return input_->bytes_total(); }
  const std::string& name() const noexcept override { return input_->name(); }

  std::size_t read(std::span<char> into) final {
    if (!failure_.empty()) throw error(failure_);
    std::size_t got = 0;
    try {
      fill(into, got);
    } catch (const error& e) {
      failure_ = e.what();
      if (got == 0) throw;
    }
    return got;
  }

 protected:
  /// Decodes into `into` and counts up `got` as it goes, so that an exception does not lose what came before.
  virtual void fill(std::span<char> into, std::size_t& got) = 0;

  [[noreturn]] void fail(const std::string& what) const {
    throw error("'" + name() + "': " + what + " at byte " + std::to_string(input_->position()));
  }

  std::unique_ptr<chunk_input> input_;

 private:
  std::string failure_;
};

class raw_source final : public source_base {
 public:
  using source_base::source_base;

 private:
  void fill(std::span<char> into, std::size_t& got) override {
    const auto rest = input_->rest();
    if (rest.empty()) {
      got = input_->read_directly(into);
      return;
    }
    got = std::min(rest.size(), into.size());
    std::memcpy(into.data(), rest.data(), got);
    input_->take(got);
  }
};

class gzip_source final : public source_base {
 public:
  explicit gzip_source(std::unique_ptr<chunk_input> input) : source_base(std::move(input)) {
    if (::inflateInit2(&stream_, MAX_WBITS + 16) != Z_OK) throw error("zlib cannot be set up");
  }
  ~gzip_source() override { ::inflateEnd(&stream_); }

 private:
  void fill(std::span<char> into, std::size_t& got) override {
    while (got == 0) {
      if (input_->rest().empty() && !input_->refill()) {
        if (inside_member_) fail("found the end of the file, expected the rest of a gzip member");
        return;
      }
      if (!inside_member_) begin_member();
      inflate_some(into, got);
    }
  }

  /// Between members only the magic of another one may stand.
  void begin_member() {
    while (input_->rest().size() < 2)
      if (!input_->refill()) fail("found a single byte behind a gzip member, expected another member or the end");
    const auto rest = input_->rest();
    if (rest[0] != std::byte{0x1f} || rest[1] != std::byte{0x8b})
      fail("found other data behind a gzip member, expected another member or the end");
    ::inflateReset(&stream_);
    inside_member_ = true;
  }

  void inflate_some(std::span<char> into, std::size_t& got) {
    const auto rest = input_->rest();
    // zlib's interface is not const-correct: it does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest.data()));
    stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(rest.size(), 1U << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(into.size(), 1U << 30));
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    input_->take(static_cast<std::size_t>(stream_.next_in - reinterpret_cast<const Bytef*>(rest.data())));
    got = static_cast<std::size_t>(reinterpret_cast<char*>(stream_.next_out) - into.data());
    if (result == Z_STREAM_END) {
      inside_member_ = false;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      fail(std::string("damaged gzip data (") + (stream_.msg != nullptr ? stream_.msg : "no detail") + ")");
    }
  }

  z_stream stream_{};
  bool inside_member_ = false;
};

class zstd_source final : public source_base {
 public:
  explicit zstd_source(std::unique_ptr<chunk_input> input)
      : source_base(std::move(input)), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw error("zstd cannot be set up");
  }

 private:
  struct free_stream {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
  };

  void fill(std::span<char> into, std::size_t& got) override {
    while (got == 0) {
      // A full output buffer leaves decoded bytes inside zstd: then it has to be asked again without input.
      if (input_->rest().empty() && !flush_first_ && !input_->refill()) {
        if (inside_frame_) fail("found the end of the file, expected the rest of a zstd frame");
        return;
      }
      decompress_some(into, got);
    }
  }

  void decompress_some(std::span<char> into, std::size_t& got) {
    const auto rest = input_->rest();
    ZSTD_inBuffer in{rest.data(), rest.size(), 0};
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
    input_->take(in.pos);
    got = out.pos;
    if (ZSTD_isError(result) != 0) fail(std::string("damaged zstd data (") + ZSTD_getErrorName(result) + ")");
    inside_frame_ = result != 0;
    flush_first_ = inside_frame_ && out.pos == out.size;
  }

  std::unique_ptr<ZSTD_DStream, free_stream> stream_;
  bool inside_frame_ = false;
  bool flush_first_ = false;
};

bool begins_with(std::span<const std::byte> bytes, std::span<const unsigned char> magic) noexcept {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

/// A skippable frame may stand in front of the first zstd frame; its magic has 16 forms.
bool is_zstd(std::span<const std::byte> bytes) noexcept {
  constexpr std::array<unsigned char, 4> frame{0x28, 0xb5, 0x2f, 0xfd};
  constexpr std::array<unsigned char, 3> skippable_tail{0x2a, 0x4d, 0x18};
  if (bytes.size() < 4) return false;
  return begins_with(bytes, frame) ||
         ((bytes[0] & std::byte{0xf0}) == std::byte{0x50} && begins_with(bytes.subspan(1), skippable_tail));
}

std::unique_ptr<byte_source> decoded(std::unique_ptr<chunk_input> input) {
  constexpr std::array<unsigned char, 3> gzip{0x1f, 0x8b, 0x08};
  while (input->rest().size() < 4 && input->refill()) {
  }
  if (begins_with(input->rest(), gzip)) return std::make_unique<gzip_source>(std::move(input));
  if (is_zstd(input->rest())) return std::make_unique<zstd_source>(std::move(input));
  return std::make_unique<raw_source>(std::move(input));
}

}  // namespace

std::unique_ptr<byte_source> byte_source::open(const std::string& path) { return decoded(chunk_input::open(path)); }

std::unique_ptr<byte_source> byte_source::over(std::span<const std::byte> bytes, std::string name) {
  return decoded(chunk_input::over(bytes, std::move(name)));
}

}  // namespace millrace::feed
