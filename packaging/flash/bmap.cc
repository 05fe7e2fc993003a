#include "packaging/flash/bmap.h"

#include <expat.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <type_traits>

#include "packaging/flash/sha256.h"

namespace sluice {
namespace {

constexpr std::uint64_t max_image_bytes = std::uint64_t{1} << 50;

Error malformed(const std::string& message) { return Error{ErrorKind::bad_input, message}; }

struct RangeElement {
  std::string text;  // "0-3" or "5", in blocks
  std::string checksum;
};

// What the XML holds, as texts.
struct Elements {
  std::string version;
  std::string image_size, block_size, blocks, mapped_blocks, checksum_type, file_checksum;
  std::vector<RangeElement> ranges;
  std::string* open = nullptr;  // where the text inside the current element goes
  XML_Parser parser = nullptr;
};

std::string attribute(const char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (name == attributes[0]) return attributes[1];
  }
  return {};
}

void begin_element(void* user, const char* element, const char** attributes) {
  Elements& elements = *static_cast<Elements*>(user);
  const std::string_view name = element;
  elements.open = nullptr;
  if (name == "bmap") elements.version = attribute(attributes, "version");
  if (name == "ImageSize") elements.open = &elements.image_size;
  if (name == "BlockSize") elements.open = &elements.block_size;
  if (name == "BlocksCount") elements.open = &elements.blocks;
  if (name == "MappedBlocksCount") elements.open = &elements.mapped_blocks;
  if (name == "ChecksumType") elements.open = &elements.checksum_type;
  if (name == "BmapFileChecksum") elements.open = &elements.file_checksum;
  if (name == "Range") {
    elements.ranges.push_back({{}, attribute(attributes, "chksum")});
    elements.open = &elements.ranges.back().text;
  }
}

void end_element(void* user, const char*) { static_cast<Elements*>(user)->open = nullptr; }

void take_text(void* user, const char* text, int length) {
  const Elements& elements = *static_cast<Elements*>(user);
  if (elements.open != nullptr) elements.open->append(text, static_cast<std::size_t>(length));
}

// A bmap needs no entities; without them none can grow without end.
void refuse_entities(void* user, const char*, int, const char*, int, const char*, const char*,
                     const char*, const char*) {
  XML_StopParser(static_cast<Elements*>(user)->parser, XML_FALSE);
}

Result<Elements> parse_xml(std::string_view text) {
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate("UTF-8"), &XML_ParserFree);
  Elements elements;
  elements.parser = parser.get();
  XML_SetUserData(parser.get(), &elements);
  XML_SetElementHandler(parser.get(), begin_element, end_element);
  XML_SetCharacterDataHandler(parser.get(), take_text);
  XML_SetEntityDeclHandler(parser.get(), refuse_entities);
  if (XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), 1) == XML_STATUS_OK) {
    return elements;
  }
  return malformed("line " + std::to_string(XML_GetCurrentLineNumber(parser.get())) + ": " +
                   XML_ErrorString(XML_GetErrorCode(parser.get())));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

Result<std::uint64_t> number(std::string_view text, std::string_view name) {
  text = trimmed(text);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault == std::errc{} && stop == end && !text.empty() && value <= max_image_bytes)
    return value;
  return malformed(std::string(name) + " is '" + std::string(text.substr(0, 40)) +
                   "', not a number");
}

// "The checksum is calculated with the value of the checksum as zeros": so the file can hold it.
Result<void> check_file_checksum(std::string_view text, std::string_view checksum) {
  checksum = trimmed(checksum);
  const std::size_t place = checksum.empty() ? std::string_view::npos : text.find(checksum);
  if (place == std::string_view::npos) return malformed("it has no BmapFileChecksum");
  std::string zeroed(text);
  std::fill_n(zeroed.begin() + static_cast<std::ptrdiff_t>(place), checksum.size(), '0');
  if (sha256_of(zeroed) == checksum) return {};
  return malformed("its own checksum is wrong: it was cut short or changed");
}

Result<void> check_kind(const Elements& elements) {
  if (elements.version.starts_with("2.") && trimmed(elements.checksum_type) == "sha256") return {};
  return malformed("it has version '" + elements.version + "' and checksums '" +
                   std::string(trimmed(elements.checksum_type)) +
                   "'; only version 2 with sha256 is known. Make it with bmaptool 3.0 or later");
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Blocks, from `first` to, and with, `last`.
struct Blocks {
  std::uint64_t first;
  std::uint64_t last;
};

Result<Blocks> parse_blocks(std::string_view text) {
  const std::size_t dash = text.find('-');
  const std::uint64_t first = TRY(number(text.substr(0, dash), "Range"));
  if (dash == std::string_view::npos) return Blocks{first, first};
  const std::uint64_t last = TRY(number(text.substr(dash + 1), "Range"));
  if (last < first) return malformed("a Range ends before it begins");
  return Blocks{first, last};
}

Result<Bmap> assemble(const Elements& elements) {
  Bmap bmap;
  bmap.image_bytes = TRY(number(elements.image_size, "ImageSize"));
  const std::uint64_t block_bytes = TRY(number(elements.block_size, "BlockSize"));
  if (block_bytes == 0 || block_bytes % 4096 != 0 || block_bytes > (1 << 20)) {
    return malformed("BlockSize is not a multiple of 4096");
  }
  const std::uint64_t blocks = TRY(number(elements.blocks, "BlocksCount"));
  if (blocks == 0 || blocks != (bmap.image_bytes + block_bytes - 1) / block_bytes) {
    return malformed("BlocksCount does not fit ImageSize");
  }
  std::uint64_t mapped = 0;
  std::uint64_t next = 0;  // the first block that a range may begin with
  for (const RangeElement& element : elements.ranges) {
    const Blocks range = TRY(parse_blocks(element.text));
    if (range.first < next || range.last >= blocks) {
      return malformed("a Range overlaps another or the image's end");
    }
    if (!is_sha256(element.checksum)) return malformed("a Range has no sha256 checksum");
    const std::uint64_t offset = range.first * block_bytes;
    const std::uint64_t end = std::min((range.last + 1) * block_bytes, bmap.image_bytes);
    bmap.ranges.push_back({offset, end - offset, element.checksum});
    mapped += range.last - range.first + 1;
    next = range.last + 1;
  }
  if (mapped != TRY(number(elements.mapped_blocks, "MappedBlocksCount"))) {
    return malformed("MappedBlocksCount does not fit the ranges");
  }
  return bmap;
}

}  // namespace

std::uint64_t Bmap::mapped_bytes() const {
  std::uint64_t sum = 0;
  for (const MappedRange& range : ranges) sum += range.bytes;
  return sum;
}

Result<Bmap> parse_bmap(std::string_view text) {
  const Elements elements = TRY(parse_xml(text));
  TRY(check_kind(elements));
  TRY(check_file_checksum(text, elements.file_checksum));
  return assemble(elements);
}

}  // namespace sluice
