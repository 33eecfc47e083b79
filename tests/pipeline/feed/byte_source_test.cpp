#include <millrace/base/error.hpp>
#include <millrace/feed/byte_source.hpp>

#include <pipeline/feed/feed_fixture.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

namespace millrace::feed::testing {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

struct result {
  std::string text;
  std::string failure;
};

result drain(byte_source& source, std::size_t piece = 300'000) {
  result all;
  std::string buffer(piece, '\0');
  try {
    while (const std::size_t got = source.read(buffer)) all.text.append(buffer, 0, got);
  } catch (const error& e) {
    all.failure = e.what();
  }
  return all;
}

result drain(const std::string& stored, std::size_t piece = 300'000) {
  return drain(*byte_source::over(bytes_of(stored)), piece);
}

/// Text that compresses badly, so that it spans several chunks of input.
std::string noise(std::size_t bytes) {
  std::mt19937_64 random(7);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>('!' + random() % 90);
  return text;
}

class temporary_file {
 public:
  explicit temporary_file(const std::string& content) {
    path_ = (std::filesystem::temp_directory_path() / "millrace_feed_XXXXXX").string();
    const int descriptor = ::mkstemp(path_.data());
    std::ofstream(path_, std::ios::binary) << content;
    ::close(descriptor);
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string failure_of_open(const std::string& path) {
  try {
    (void)byte_source::open(path);
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

TEST(byte_source, reads_a_plain_file) {
  const std::string text = noise(1'000'000);
  const temporary_file file(text);
  const auto source = byte_source::open(file.path());
  EXPECT_EQ(drain(*source).text, text);
  EXPECT_EQ(source->bytes_total(), text.size());
  EXPECT_EQ(source->bytes_read(), text.size());
}

TEST(byte_source, an_empty_file_is_at_its_end) {
  const temporary_file file("");
  const auto source = byte_source::open(file.path());
  char buffer[8];
  EXPECT_EQ(source->read(buffer), 0U);
  EXPECT_EQ(source->read(buffer), 0U);
}

TEST(byte_source, files_shorter_than_any_magic_are_read_as_they_are) {
  for (const std::string text : {"a", "\x1f", "\x1f\x8b", "\x28\xb5\x2f"}) EXPECT_EQ(drain(text).text, text);
}

TEST(byte_source, a_path_that_is_not_there_is_named) {
  EXPECT_EQ(failure_of_open("/nowhere/x"), "cannot open '/nowhere/x': No such file or directory");
}

TEST(byte_source, a_directory_is_refused_by_name) {
  EXPECT_EQ(failure_of_open("/tmp"), "cannot open '/tmp': Is a directory");
}

TEST(byte_source, reads_gzip_by_its_magic) {
  const std::string text = noise(1'000'000);
  const temporary_file file(gzip(text));
  const auto source = byte_source::open(file.path());
  EXPECT_EQ(drain(*source).text, text);
  EXPECT_EQ(source->bytes_read(), source->bytes_total());
}

TEST(byte_source, reads_gzip_members_one_behind_the_other) {
  EXPECT_EQ(drain(gzip("one\n") + gzip("") + gzip("two\n")).text, "one\ntwo\n");
}

TEST(byte_source, reads_zstd_by_its_magic) {
  const std::string text = noise(1'000'000);
  const temporary_file file(zstd(text));
  EXPECT_EQ(drain(*byte_source::open(file.path())).text, text);
}

TEST(byte_source, reads_zstd_frames_one_behind_the_other) {
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  EXPECT_EQ(drain(skippable + zstd("one\n") + zstd("") + skippable + zstd("two\n")).text, "one\ntwo\n");
}

TEST(byte_source, compressed_text_comes_out_whole_in_pieces_of_any_size) {
  const std::string text = noise(3000);
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 2, 7, 100, 2999, 3000, 3001}) {
    EXPECT_EQ(drain(gzip(text), piece).text, text) << piece;
    EXPECT_EQ(drain(zstd(text), piece).text, text) << piece;
    EXPECT_EQ(drain(zstd(text), piece).failure, "") << piece;
  }
}

TEST(byte_source, highly_compressible_text_comes_out_whole) {
  const std::string text(5'000'000, 'a');
  EXPECT_EQ(drain(gzip(text)).text, text);
  EXPECT_EQ(drain(zstd(text)).text, text);
  EXPECT_EQ(drain(zstd(text), 1000).text, text);
}

TEST(byte_source, a_gzip_member_cut_anywhere_is_an_error_behind_what_came_before) {
  const std::string text = noise(2000);
  const std::string whole = gzip(text);
  for (std::size_t cut = 4; cut < whole.size(); ++cut) {
    const result got = drain(whole.substr(0, cut));
    EXPECT_NE(got.failure.find("expected the rest of a gzip member at byte " + std::to_string(cut)), std::string::npos)
        << cut << got.failure;
    EXPECT_EQ(got.text, text.substr(0, got.text.size()));
  }
}

TEST(byte_source, what_a_cut_gzip_member_holds_is_not_lost) {
  const std::string text = noise(900'000);
  const std::string whole = gzip(text);
  const result got = drain(whole.substr(0, whole.size() - 9));
  EXPECT_EQ(got.text.size(), text.size());
  EXPECT_NE(got.failure, "");
}

TEST(byte_source, a_zstd_frame_cut_anywhere_is_an_error) {
  const std::string whole = zstd(noise(2000));
  for (std::size_t cut = 4; cut < whole.size(); ++cut)
    EXPECT_NE(drain(whole.substr(0, cut)).failure.find("expected the rest of a zstd frame"), std::string::npos) << cut;
}

TEST(byte_source, a_second_member_that_is_cut_leaves_the_first) {
  const std::string second = gzip("two\n");
  const result got = drain(gzip("one\n") + second.substr(0, second.size() - 1));
  EXPECT_EQ(got.text.substr(0, 4), "one\n");
  EXPECT_NE(got.failure, "");
}

TEST(byte_source, other_data_behind_a_gzip_member_is_an_error_that_says_where) {
  const std::string member = gzip("one\n");
  const result got = drain(member + "rubbish");
  EXPECT_EQ(got.text, "one\n");
  EXPECT_NE(got.failure.find("behind a gzip member"), std::string::npos);
  EXPECT_NE(got.failure.find("at byte " + std::to_string(member.size())), std::string::npos);
  EXPECT_NE(drain(member + "r").failure, "");
}

TEST(byte_source, other_data_behind_a_zstd_frame_is_an_error) {
  const result got = drain(zstd("one\n") + "rubbish");
  EXPECT_EQ(got.text, "one\n");
  EXPECT_NE(got.failure.find("damaged zstd data"), std::string::npos);
}

TEST(byte_source, a_changed_byte_of_gzip_data_is_an_error) {
  std::string stored = gzip(noise(5000));
  stored[stored.size() - 6] = static_cast<char>(stored[stored.size() - 6] ^ 1);  // in the checksum
  EXPECT_NE(drain(stored).failure.find("damaged gzip data"), std::string::npos);
}

TEST(byte_source, an_error_comes_again_at_every_later_read) {
  const std::string stored = gzip("one\n") + "rubbish";
  const auto source = byte_source::over(bytes_of(stored));
  const result first = drain(*source);
  EXPECT_EQ(drain(*source).failure, first.failure);
}

TEST(byte_source, reads_a_fifo_as_its_data_comes) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("millrace_fifo_" + std::to_string(::getpid()))).string();
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&path] {
    const int descriptor = ::open(path.c_str(), O_WRONLY);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(::write(descriptor, "12345\n", 6), 6);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::close(descriptor);
  });
  const auto source = byte_source::open(path);
  EXPECT_EQ(source->bytes_total(), std::nullopt);
  EXPECT_EQ(drain(*source).text, "12345\n12345\n12345\n");
  writer.join();
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace millrace::feed::testing
