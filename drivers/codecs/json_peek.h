// Peeking: the few members of a JSON document that someone asks for, without the rest.
//
//   {"temperature": 22.5, "site": {"hall": 7, "map": [...]}, "log": "..."}
//        paths: temperature, site.hall   -->   {"temperature": 22.5, "site": {"hall": 7}}
//
// For a filter that drops most of what it sees. What is not asked for is found, not validated: an
// event that goes on is parsed as a whole first.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "core/value.h"

namespace sluice {

// The wanted members as a tree. Constant; any thread.
class JsonPaths {
 public:
  // A path is the keys from the root on; an empty one wants the whole document. No path at all: the
  // document is not looked at.
  explicit JsonPaths(const std::vector<std::vector<std::string>>& paths);

  struct Member {
    std::string key;
    std::vector<Member> members;  // empty: the whole of it
  };
  bool is_whole() const { return is_whole_; }
  bool is_nothing() const { return !is_whole_ && members_.empty(); }
  std::span<const Member> members() const { return members_; }

 private:
  bool is_whole_ = false;
  std::vector<Member> members_;
};

// What an expression that looks at nothing but `paths` sees alike in this Value and in that of
// parse_json(): the wanted members of objects, and whole what is no object. Its texts lie in
// `arena` and in `paths`.
//   bad_input  it is not JSON as far as was looked
Result<Value> peek_json(std::string_view text, const JsonPaths& paths, Arena& arena);

}  // namespace sluice
