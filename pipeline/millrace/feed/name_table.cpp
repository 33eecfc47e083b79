#include <millrace/feed/name_table.hpp>

#include <algorithm>
#include <bit>

namespace millrace::feed {

name_table::name_table(const std::vector<std::string>& names) {
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(4 * names.size(), 8));
  entries_.resize(size);
  mask_ = size - 1;
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(size));
  for (std::size_t slot = 0; slot < names.size(); ++slot) {
    std::string padded = names[slot];
    padded.append(16, '\0');
    const std::uint64_t head = head_of(padded.data(), names[slot].size());
    std::size_t i = place(head, padded.data(), names[slot].size()) & mask_;
    while (entries_[i].slot != unknown) i = (i + 1) & mask_;
    entries_[i] = {head, names[slot].size(), static_cast<std::uint32_t>(slot), names[slot]};
    const std::string text = names[slot] + '"';
    padded = text + std::string(8, '\0');
    quoted_.push_back({head_of(padded.data(), text.size()),
                       text.size() >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * text.size())) - 1, text.size(),
                       text});
  }
}

}  // namespace millrace::feed
