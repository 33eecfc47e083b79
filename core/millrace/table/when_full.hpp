#pragma once

namespace millrace {

/// What a table does with a new key when it holds as many as it may.
enum class when_full {
  reject,              // refuses it
  evict_oldest,        // drops the key that was inserted first
  evict_least_recent,  // drops the key that was inserted or found longest ago
};

}  // namespace millrace
