#pragma once

#include <millrace/cep/key_directory.hpp>
#include <millrace/cep/matcher_limits.hpp>
#include <millrace/cep/matcher_state.hpp>
#include <millrace/cep/release.hpp>

#include <cstdint>
#include <span>

namespace millrace::cep {

/// A key that has no number yet.
struct new_key {
  std::span<const std::byte> bytes;
  std::uint64_t hash;
};

/// Idle keys named by matchers that have become busy again, at which one call looks at most.
inline constexpr std::uint32_t idle_looks_max = 4'096;

/// Gives a key a number, and opens it in the matchers that share the directory: `for_each(f)` calls `f(matcher&)` for
/// all of them. When all numbers are given, that of a key that has become idle goes to the new one at once; with
/// `drop_oldest`, else that of the next key on a walk round all of them, whose partial matches are dropped.
/// `keep` is never taken. `null_handle` when there is none to give.
///
/// Complexity: O(matchers), amortised over the times that keys become idle.
template <class ForEach>
[[nodiscard]] partition_id number_for(const new_key& key, key_directory& directory, full_policy when_full,
                                      partition_id keep, std::int64_t now_ns, releases& out, ForEach&& for_each) {
  const auto take_from_idle = [&](partition_id id) {
    bool idle = id != keep;
    for_each([&](auto& matcher) { idle = idle && (matcher.idle(id) || matcher.has_only_expired(id, now_ns)); });
    if (idle) for_each([&](auto& matcher) { matcher.close(id); });
    return idle;
  };
  if (directory.full()) {
    std::uint32_t looks = idle_looks_max;
    bool freed = false;
    for_each([&](auto& matcher) {
      for (; !freed && looks != 0; --looks) {
        const partition_id id = matcher.next_idle();
        if (id == null_handle) return;
        freed = take_from_idle(id);
        if (freed) directory.erase(id);
      }
    });
  }
  partition_id made = directory.insert(key.bytes, key.hash, take_from_idle);
  if (made == null_handle && when_full == full_policy::drop_oldest) {
    const partition_id oldest = directory.next_of_all(keep);
    if (oldest == null_handle) return oldest;
    for_each([&](auto& matcher) {
      matcher.drop_key(oldest, now_ns, out);
      matcher.close(oldest);
    });
    directory.erase(oldest);
    made = directory.insert(key.bytes, key.hash, take_from_idle);
  }
  if (made != null_handle) for_each([&](auto& matcher) { matcher.open(made); });
  return made;
}

}  // namespace millrace::cep
