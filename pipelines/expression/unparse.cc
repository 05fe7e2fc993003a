#include "pipelines/expression/unparse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace sluice::cel {
namespace {

// How tightly a node holds together: an operand that holds less than its place needs parentheses.
enum Binding : int { conditional, disjunction, conjunction, relation, sum, product, unary, member };

Binding binding_of(Operation operation) {
  switch (operation) {
    case Operation::add:
    case Operation::subtract:
      return sum;
    case Operation::multiply:
    case Operation::divide:
    case Operation::modulo:
      return product;
    case Operation::negate:
    case Operation::logical_not:
      return unary;
    case Operation::logical_and:
      return conjunction;
    case Operation::logical_or:
      return disjunction;
    default:
      return relation;
  }
}

bool is_negative_number(const Value& value) {
  return (value.kind() == Kind::integer && value.as_int() < 0) ||
         (value.kind() == Kind::number && std::signbit(value.as_double()));
}

Binding binding_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::conditional:
      return conditional;
    case NodeKind::operation:
    case NodeKind::logical:
      return binding_of(node.operation);
    case NodeKind::constant:
      return is_negative_number(node.value) ? unary : member;
    default:
      return member;
  }
}

std::string_view macro_name(const Node& node) {
  const bool has_two = node.variables.size() == 2;
  switch (node.macro) {
    case Macro::all:
      return "all";
    case Macro::exists:
      return "exists";
    case Macro::exists_one:
      return has_two ? "existsOne" : "exists_one";
    case Macro::map:
      return has_two ? "transformList" : "map";
    case Macro::filter:
      return "filter";
    case Macro::transform_map:
      return "transformMap";
    case Macro::transform_map_entry:
      return "transformMapEntry";
    case Macro::sort_by:
      return "sortBy";
    case Macro::bind:
      return "bind";
    case Macro::opt_map:
      return "optMap";
    case Macro::opt_flat_map:
      return "optFlatMap";
  }
  return {};
}

class Writer {
 public:
  std::string take() { return std::move(text_); }

  void write(const Node& node, Binding least = conditional) {
    const bool needs_parentheses = binding_of(node) < least;
    if (needs_parentheses) text_ += "(";
    write_kind(node);
    if (needs_parentheses) text_ += ")";
  }

 private:
  void write_kind(const Node& node) {
    switch (node.kind) {
      case NodeKind::constant:
        return write_constant(node.value);
      case NodeKind::name:
        if (node.is_rooted) text_ += ".";
        text_ += node.text;
        return;
      case NodeKind::select:
        return write_select(node);
      case NodeKind::index:
        write(*node.children[0], member);
        text_ += node.is_optional ? "[?" : "[";
        write(*node.children[1]);
        text_ += "]";
        return;
      case NodeKind::operation:
        return write_operation(node);
      case NodeKind::logical:
        return write_logical(node);
      case NodeKind::conditional:
        write(*node.children[0], disjunction);
        text_ += " ? ";
        write(*node.children[1], disjunction);
        text_ += " : ";
        write(*node.children[2]);
        return;
      case NodeKind::call:
        return write_call(node);
      case NodeKind::list:
      case NodeKind::map:
        return write_collection(node);
      case NodeKind::macro:
        return write_macro(node);
    }
  }

  void write_select(const Node& node) {
    if (node.is_test) text_ += "has(";
    write(*node.children[0], member);
    text_ += node.is_optional ? ".?" : ".";
    if (node.is_quoted) text_ += "`";
    text_ += node.text;
    if (node.is_quoted) text_ += "`";
    if (node.is_test) text_ += ")";
  }

  void write_operation(const Node& node) {
    const Binding own = binding_of(node.operation);
    if (node.children.size() == 1) {
      text_ += operation_text(node.operation);
      const std::size_t start = text_.size();
      write(*node.children[0], unary);
      // -(5) is no literal: its minus must stay an operator.
      if (text_[start] >= '0' && text_[start] <= '9') {
        text_.insert(text_.begin() + static_cast<std::ptrdiff_t>(start), '(');
        text_ += ")";
      }
      return;
    }
    write(*node.children[0], own);
    text_.append(" ").append(operation_text(node.operation)).append(" ");
    write(*node.children[1], static_cast<Binding>(own + 1));
  }

  void write_logical(const Node& node) {
    const auto inside = static_cast<Binding>(binding_of(node.operation) + 1);
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) text_.append(" ").append(operation_text(node.operation)).append(" ");
      write(*node.children[i], inside);
    }
  }

  void write_call(const Node& node) {
    auto arguments = node.children;
    if (node.is_member) {
      write(*arguments[0], member);
      text_ += ".";
      arguments = arguments.subspan(1);
    } else if (node.is_rooted) {
      text_ += ".";
    }
    text_.append(node.text).append("(");
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0) text_ += ", ";
      write(*arguments[i]);
    }
    text_ += ")";
  }

  void write_collection(const Node& node) {
    const bool is_list = node.kind == NodeKind::list;
    const std::size_t step = is_list ? 1 : 2;
    text_ += is_list ? "[" : "{";
    for (std::size_t i = 0; i < node.children.size(); i += step) {
      if (i > 0) text_ += ", ";
      if (node.flags[i / step]) text_ += "?";
      write(*node.children[i]);
      if (is_list) continue;
      text_ += ": ";
      write(*node.children[i + 1]);
    }
    text_ += is_list ? "]" : "}";
  }

  void write_macro(const Node& node) {
    if (node.macro == Macro::bind) {
      text_ += "cel";
    } else {
      write(*node.children[0], member);
    }
    text_.append(".").append(macro_name(node)).append("(");
    for (const std::string_view variable : node.variables) text_.append(variable).append(", ");
    const Node* middle = node.macro == Macro::bind ? node.children[0] : node.children[1];
    if (middle != nullptr) {
      write(*middle);
      text_ += ", ";
    }
    write(*node.children[2]);
    text_ += ")";
  }

  void write_constant(const Value& value) {
    switch (value.kind()) {
      case Kind::uinteger:
        append_unsigned(text_, value.as_uint());
        text_ += "u";
        return;
      case Kind::number:
        return write_double(value.as_double());
      case Kind::string:
      case Kind::bytes:
        return write_text(value);
      case Kind::type:
        text_ += value.as_text();
        return;
      default:
        append_json(text_, value);
    }
  }

  void write_double(double number) {
    if (std::isinf(number)) {  // as a literal: a number that is too large
      text_ += number < 0 ? "-1e999" : "1e999";
      return;
    }
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
    text_ += text;
    if (text.find_first_of(".e") == std::string_view::npos) text_ += ".0";
  }

  // Strings keep their code points; bytes are written as octal escapes where they are no ASCII.
  void write_text(const Value& value) {
    constexpr std::string_view digits = "01234567";
    const bool is_bytes = value.kind() == Kind::bytes;
    text_ += is_bytes ? "b\"" : "\"";
    for (const char c : value.as_text()) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F || c == '"' || c == '\\' || (is_bytes && byte > 0x7F)) {
        text_ += {'\\', digits[byte >> 6], digits[byte >> 3 & 7], digits[byte & 7]};
      } else {
        text_.push_back(c);
      }
    }
    text_ += "\"";
  }

  std::string text_;
};

}  // namespace

std::string unparse(const Node& node) {
  Writer writer;
  writer.write(node);
  return writer.take();
}

}  // namespace sluice::cel
