// Sizes and times as people read them. Decimal units, as on the label of a card.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

std::string size_text(std::uint64_t bytes);  // "31.9 GB", "358 MB"
std::string speed_text(std::uint64_t bytes, std::chrono::duration<double> spent);  // "87.2 MB/s"
std::string seconds_text(std::chrono::duration<double> span);  // "4.1 s", "2 min 5 s"

}  // namespace sluice
