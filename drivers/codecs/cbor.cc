#include "drivers/codecs/cbor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

enum class Major : std::uint8_t {
  unsigned_integer,
  negative_integer,
  byte_string,
  text_string,
  array,
  map,
  tag,
  simple,
};

constexpr std::uint8_t indefinite = 31;
constexpr unsigned char break_byte = 0xFF;

// The first byte of an item and the number that follows it (section 3).
struct Head {
  Major major;
  std::uint8_t additional;  // the low five bits
  std::uint64_t argument;   // 0 when indefinite
};

double half_to_double(std::uint64_t bits) {
  const int exponent = static_cast<int>(bits >> 10 & 0x1F);
  const int fraction = static_cast<int>(bits & 0x3FF);
  double magnitude = 0;
  if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  } else {
    magnitude = std::ldexp(fraction + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

Value wide_unsigned(std::uint64_t number) {
  if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Value::integer(static_cast<std::int64_t>(number));
  }
  return Value::number(static_cast<double>(number));
}

// CBOR stores -1 - n.
Value wide_negative(std::uint64_t n) {
  if (n <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Value::integer(-1 - static_cast<std::int64_t>(n));
  }
  return Value::number(-1.0 - static_cast<double>(n));
}

bool key_less(const MapEntry& a, const MapEntry& b) {
  if (a.key.kind() != b.key.kind()) return a.key.kind() < b.key.kind();
  return a.key.kind() == Kind::integer ? a.key.as_int() < b.key.as_int()
                                       : a.key.as_text() < b.key.as_text();
}

bool has_repeated_key(std::span<const MapEntry> entries) {
  constexpr std::size_t small = 16;
  if (entries.size() <= small) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (is_same(entries[i].key, entries[j].key)) return true;
      }
    }
    return false;
  }
  std::vector<MapEntry> sorted(entries.begin(), entries.end());
  std::ranges::sort(sorted, key_less);
  return std::ranges::adjacent_find(sorted, [](const MapEntry& a, const MapEntry& b) {
           return is_same(a.key, b.key);
         }) != sorted.end();
}

class Reader {
 public:
  Reader(std::string_view bytes, Arena& arena) : bytes_(bytes), arena_(arena) {}

  Result<Value> document() {
    const Value value = TRY(item(0));
    if (at_ != bytes_.size()) return error("more bytes after the end");
    return value;
  }

 private:
  Error error(std::string_view what) const {
    return Error{ErrorKind::bad_input,
                 "not CBOR: " + std::string(what) + " at offset " + std::to_string(at_)};
  }

  Result<Head> head() {
    if (at_ == bytes_.size()) return error("ends too early");
    const auto first = static_cast<std::uint8_t>(bytes_[at_]);
    Head head{static_cast<Major>(first >> 5), static_cast<std::uint8_t>(first & 0x1F), 0};
    if (head.additional > 27 && head.additional < indefinite) return error("reserved length");
    ++at_;
    if (head.additional < 24) {
      head.argument = head.additional;
    } else if (head.additional != indefinite) {
      const std::size_t size = std::size_t{1} << (head.additional - 24);
      for (const char byte : TRY(take(size))) {
        head.argument = head.argument << 8 | static_cast<unsigned char>(byte);
      }
    }
    return head;
  }

  Result<std::string_view> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) return error("ends too early");
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += taken.size();
    return taken;
  }

  bool take_break() {
    if (at_ == bytes_.size() || static_cast<unsigned char>(bytes_[at_]) != break_byte) return false;
    ++at_;
    return true;
  }

  Result<Value> item(std::size_t depth) {
    if (depth > max_json_depth) {
      return error("more than " + std::to_string(max_json_depth) + " levels deep");
    }
    const Head head = TRY(this->head());
    if (head.additional == indefinite &&
        (head.major <= Major::negative_integer || head.major == Major::tag ||
         head.major == Major::simple)) {
      return error("a length is missing");
    }
    switch (head.major) {
      case Major::unsigned_integer:
        return wide_unsigned(head.argument);
      case Major::negative_integer:
        return wide_negative(head.argument);
      case Major::byte_string:
        return Value::bytes(TRY(string(head)));
      case Major::text_string: {
        const std::string_view text = TRY(string(head));
        if (!is_utf8(text)) return error("text that is not UTF-8");
        return Value::string(text);
      }
      case Major::array:
        return list(head, depth);
      case Major::map:
        return table(head, depth);
      case Major::tag:
        return tagged(head.argument, depth);
      case Major::simple:
        return simple_value(head);
    }
    return error("unknown item");
  }

  Result<std::string_view> string(const Head& head) {
    if (head.additional != indefinite) return take(head.argument);
    std::string joined;
    while (!take_break()) {
      const Head chunk = TRY(this->head());
      if (chunk.major != head.major || chunk.additional == indefinite) {
        return error("a string's chunk of another type");
      }
      joined += TRY(take(chunk.argument));
    }
    return arena_.copy(joined);
  }

  Result<Value> list(const Head& head, std::size_t depth) {
    // Each item takes at least a byte: a count that lies costs no memory.
    if (head.argument > bytes_.size() - at_) return error("ends too early");
    std::vector<Value> items;
    const bool is_open = head.additional == indefinite;
    while (is_open ? !take_break() : items.size() < head.argument) {
      items.push_back(TRY(item(depth + 1)));
    }
    return Value::list(arena_.copy(std::span<const Value>(items)));
  }

  Result<Value> table(const Head& head, std::size_t depth) {
    if (head.argument > (bytes_.size() - at_) / 2) return error("ends too early");
    std::vector<MapEntry> entries;
    const bool is_open = head.additional == indefinite;
    while (is_open ? !take_break() : entries.size() < head.argument) {
      MapEntry entry;
      entry.key = TRY(item(depth + 1));
      if (entry.key.kind() != Kind::string && entry.key.kind() != Kind::integer) {
        return error("a map's key that is neither text nor an integer");
      }
      entry.value = TRY(item(depth + 1));
      entries.push_back(entry);
    }
    if (has_repeated_key(entries)) return error("a map with a repeated key");
    return Value::map(arena_.copy(std::span<const MapEntry>(entries)));
  }

  Result<Value> tagged(std::uint64_t number, std::size_t depth) {
    const Value content = TRY(item(depth + 1));
    switch (number) {
      case 2:
      case 3:
        return bignum(content, number == 3);
      case 4:
        return decimal_fraction(content);
      default:
        return content;
    }
  }

  Result<Value> bignum(const Value& content, bool is_negative) {
    if (content.kind() != Kind::bytes) return error("a bignum that is not bytes");
    std::string_view digits = content.as_text();
    while (!digits.empty() && digits.front() == 0) digits.remove_prefix(1);
    std::uint64_t exact = 0;
    double rounded = 0;
    for (const char byte : digits) {
      exact = exact << 8 | static_cast<unsigned char>(byte);
      rounded = rounded * 256 + static_cast<unsigned char>(byte);
    }
    if (digits.size() <= sizeof exact) {
      return is_negative ? wide_negative(exact) : wide_unsigned(exact);
    }
    return Value::number(is_negative ? -1 - rounded : rounded);
  }

  // [exponent, mantissa]: mantissa * 10^exponent, through its decimal text, which rounds once.
  Result<Value> decimal_fraction(const Value& content) {
    const auto is_integer = [](const Value& v) { return v.kind() == Kind::integer; };
    if (content.kind() != Kind::list || content.as_list().size() != 2 ||
        !std::ranges::all_of(content.as_list(), is_integer)) {
      return error("a decimal fraction that is not two integers");
    }
    const std::int64_t exponent = content.as_list()[0].as_int();
    const Value mantissa = content.as_list()[1];
    if (exponent == 0) return mantissa;
    std::string text;
    append_integer(text, mantissa.as_int());
    text += 'e';
    append_integer(text, exponent);
    auto number = parse_json(text, arena_);
    if (!number) return error("a decimal fraction out of range");
    return number;
  }

  Result<Value> simple_value(const Head& head) {
    switch (head.additional) {
      case 20:
        return Value::boolean(false);
      case 21:
        return Value::boolean(true);
      case 22:
      case 23:
        return Value::null();
      case 25:
        return Value::number(half_to_double(head.argument));
      case 26:
        return Value::number(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
      case 27:
        return Value::number(std::bit_cast<double>(head.argument));
      default:
        return error("an unassigned simple value");
    }
  }

  std::string_view bytes_;
  Arena& arena_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Value> parse_cbor(std::string_view bytes, Arena& arena) {
  return Reader(bytes, arena).document();
}

Result<void> CborDecoder::decode(const Message& message, bool /*needs_data*/, Arena& arena,
                                 std::vector<Event>& out) {
  Event event;
  event.data = TRY(parse_cbor(message.payload, arena));
  event.payload = message.payload;
  event.has_payload = true;
  event.datacontenttype = "application/cbor";
  out.push_back(event);
  return {};
}

Result<Value> CborDecoder::parse(std::string_view payload, Arena& arena) {
  return parse_cbor(payload, arena);
}

}  // namespace sluice
