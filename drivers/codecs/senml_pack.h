// A SenML pack (RFC 8428) with its base fields worked into each record.
#pragma once

#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/value.h"

namespace sluice {

enum class SenmlNames : unsigned char {
  rfc8428,  // the first character is a letter or a digit (section 4.5.1)
  lwm2m,    // also '/', as Lightweight M2M names its resources
};

struct ResolvedRecord {
  std::string_view name;
  Timestamp time;
  // {"n","u","v"|"vs"|"vb"|"vd","s","t","ut"} in this order, those that the record has; "n" and
  // "t" always. "t" is absolute, in seconds; "vd" is base64url without padding.
  Value data;
};

// Resolves a parsed pack: a list of records with the labels of JSON (section 5) or of CBOR
// (section 6). All texts lie in `arena` or where those of `pack` do.
//
//   names    base name and name joined; the result must be a valid name
//   times    base time plus time; below 2^28 s they are relative to `received` (section 4.5.3)
//   values   base value plus value; the base value alone when a record has no value of its own.
//            Sums in the same way.
//   version  up to 10, the same for the whole pack
//   fields   an unknown one whose name ends in '_' must be understood: an error; others are skipped
//   a record with base fields only sets them for the records after it and resolves to nothing,
//   and so does a pack without records
//
//   bad_input  the message names the record, from 0
Result<std::vector<ResolvedRecord>> resolve_senml(const Value& pack, Timestamp received,
                                                  SenmlNames names, Arena& arena);

}  // namespace sluice
