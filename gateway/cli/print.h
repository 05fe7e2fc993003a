// What the tools print: whole texts, to stdout for results and to stderr for what is wrong.
#pragma once

#include <cstdio>
#include <string_view>

namespace sluice {

inline void print(FILE* where, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), where);
}

}  // namespace sluice
