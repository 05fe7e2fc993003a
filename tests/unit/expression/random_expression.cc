#include "tests/unit/expression/random_expression.h"

namespace sluice::cel {

std::string RandomExpression::any(int depth) {
  switch (choose(6)) {
    case 0:
      return boolean(depth);
    case 1:
      return integer(depth);
    case 2:
      return number(depth);
    case 3:
      return text(depth);
    case 4:
      return list(depth);
    default:
      return map(depth);
  }
}

std::string RandomExpression::local(const char* fallback) {
  return locals_.empty() ? fallback : locals_[choose(locals_.size())];
}

std::string RandomExpression::in_macro(const std::string& range, const char* macro,
                                       std::string (RandomExpression::*body)(int), int depth) {
  const bool has_two = choose(4) == 0 && std::string_view(macro) != "map" &&
                       std::string_view(macro) != "filter" && std::string_view(macro) != "sortBy";
  const std::string first = "v" + std::to_string(locals_.size());
  const std::string second = "w" + std::to_string(locals_.size());
  locals_.push_back(first);
  if (has_two) locals_.push_back(second);
  const std::string inside = (this->*body)(depth);
  locals_.resize(locals_.size() - (has_two ? 2 : 1));
  return range + "." + macro + "(" + first + (has_two ? ", " + second : "") + ", " + inside + ")";
}

std::string RandomExpression::boolean(int depth) {
  if (depth <= 0) {
    constexpr const char* leaves[] = {
        "true", "false", "data.flag", "has(data.missing)", "has(data.list)", "data.missing"};
    return leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  constexpr const char* orders[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
  const std::string order = orders[choose(std::size(orders))];
  switch (choose(13)) {
    case 0:
      return "(" + boolean(below) + " && " + boolean(below) + ")";
    case 1:
      return "(" + boolean(below) + " || " + boolean(below) + " || " + boolean(below) + ")";
    case 2:
      return "!" + boolean(below);
    case 3:
      return "(" + integer(below) + order + integer(below) + ")";
    case 4:
      return "(" + number(below) + order + number(below) + ")";
    case 5:
      return "(" + text(below) + order + text(below) + ")";
    case 6:
      return "(" + boolean(below) + " ? " + boolean(below) + " : " + boolean(below) + ")";
    case 7:
      return in_macro(list(below), "all", &RandomExpression::boolean, below);
    case 8:
      return in_macro(choose(2) == 0 ? list(below) : map(below), "exists",
                      &RandomExpression::boolean, below);
    case 9:
      return in_macro(list(below), "exists_one", &RandomExpression::boolean, below);
    case 10:
      return "(" + any(below) + " in " + (choose(2) == 0 ? list(below) : map(below)) + ")";
    case 11:
      return text(below) + (choose(2) == 0 ? ".startsWith(" : ".contains(") + text(below) + ")";
    default:
      return "(dyn(" + any(below) + ") == dyn(" + any(below) + "))";
  }
}

std::string RandomExpression::integer(int depth) {
  if (depth <= 0 || choose(5) == 0) {
    constexpr const char* leaves[] = {
        "0", "1", "-3", "7", "9223372036854775807", "data.count", "data.nested.deep[1]"};
    return choose(4) == 0 ? local("2") : leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  constexpr const char* operators[] = {" + ", " - ", " * ", " / ", " % "};
  switch (choose(6)) {
    case 0:
    case 1:
      return "(" + integer(below) + operators[choose(std::size(operators))] + integer(below) + ")";
    case 2:
      return "size(" + (choose(2) == 0 ? text(below) : list(below)) + ")";
    case 3:
      return "(" + boolean(below) + " ? " + integer(below) + " : " + integer(below) + ")";
    case 4:
      return "cel.bind(b" + std::to_string(depth) + ", " + integer(below) + ", b" +
             std::to_string(depth) + " - " + integer(below) + ")";
    default:
      return "-(" + integer(below) + ")";
  }
}

std::string RandomExpression::number(int depth) {
  if (depth <= 0) {
    constexpr const char* leaves[] = {"0.5", "-2.25", "1e300", "data.temperature", "data.count"};
    return leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  constexpr const char* operators[] = {" + ", " - ", " * ", " / "};
  switch (choose(4)) {
    case 0:
      return "(" + number(below) + operators[choose(std::size(operators))] + number(below) + ")";
    case 1:
      return "double(" + integer(below) + ")";
    case 2:
      return "math.floor(" + number(below) + ")";
    default:
      return "[" + number(below) + ", " + number(below) + "][" + integer(below) + "]";
  }
}

std::string RandomExpression::text(int depth) {
  if (depth <= 0) {
    constexpr const char* leaves[] = {
        "''", "'dev-7'", "'gr\\u00f6\\u00dfe'", "data.name", "subject", "topic[0]", "type"};
    return leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  switch (choose(6)) {
    case 0:
      return "(" + text(below) + " + " + text(below) + ")";
    case 1:
      return "string(" + integer(below) + ")";
    case 2:
      return text(below) + ".substring(" + integer(below) + ")";
    case 3:
      return "(" + boolean(below) + " ? " + text(below) + " : " + text(below) + ")";
    case 4:
      return "data.?name.orValue(" + text(below) + ")";
    default:
      return map(below) + "[" + text(below) + "]";
  }
}

std::string RandomExpression::list(int depth) {
  if (depth <= 0) {
    constexpr const char* leaves[] = {"[]", "[1, 2, 3]", "data.list", "topic", "['a', 'b']"};
    return leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  switch (choose(7)) {
    case 0:
      return "[" + any(below) + ", " + any(below) + "]";
    case 1:
      return "(" + list(below) + " + " + list(below) + ")";
    case 2:
      return in_macro(list(below), "map", &RandomExpression::any, below);
    case 3:
      return in_macro(choose(2) == 0 ? list(below) : map(below), "filter",
                      &RandomExpression::boolean, below);
    case 4:
      return in_macro(list(below), "sortBy", &RandomExpression::integer, below);
    case 5:
      return "[?data.?name, ?optional.of(" + any(below) + ")]";
    default:
      return text(below) + ".split(" + text(below) + ")";
  }
}

std::string RandomExpression::map(int depth) {
  if (depth <= 0) {
    constexpr const char* leaves[] = {"{}", "{'a': 1}", "data.nested", "data", "{1: 'x', true: 2}"};
    return leaves[choose(std::size(leaves))];
  }
  const int below = depth - 1;
  switch (choose(3)) {
    case 0:
      return "{'a': " + any(below) + ", " + text(below) + ": " + any(below) + "}";
    case 1: {
      const std::string key = "k" + std::to_string(locals_.size());
      const std::string value = "x" + std::to_string(locals_.size());
      const std::string range = map(below);
      locals_.push_back(key);
      locals_.push_back(value);
      const std::string body = any(below);
      locals_.resize(locals_.size() - 2);
      return range + ".transformMap(" + key + ", " + value + ", " + body + ")";
    }
    default:
      return "{?'n': data.?name, 'c': " + integer(below) + "}";
  }
}

}  // namespace sluice::cel
