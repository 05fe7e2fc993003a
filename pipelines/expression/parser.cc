#include "pipelines/expression/parser.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "pipelines/expression/lexer.h"
#include "pipelines/expression/macros.h"
#include "pipelines/expression/syntax.h"

namespace sluice::cel {
namespace {

// Recursive descent. After the first error `has_failed_` is set, and all functions return quickly
// with any node.
class Parser {
 public:
  Parser(std::vector<Token> tokens, Arena& arena, std::vector<ExpressionError>& errors)
      : tokens_(std::move(tokens)), arena_(arena), errors_(errors) {}

  Node* read() {
    Node* root = read_expression();
    if (!has_failed_ && peek().kind != TokenKind::end) {
      fail(peek().offset, "the expression should end here; '" + std::string(peek().text) +
                              "' is too much" + hint_for(peek().text));
    }
    return has_failed_ ? nullptr : root;
  }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool is_next(std::string_view symbol) const {
    return peek().kind == TokenKind::symbol && peek().text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!is_next(symbol)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) fail_here("'" + std::string(symbol) + "' is missing");
  }

  void fail(std::size_t offset, std::string message) {
    if (!has_failed_) errors_.push_back({offset, std::move(message)});
    has_failed_ = true;
    at_ = tokens_.size() - 1;
  }
  void fail_here(const std::string& what) {
    const bool is_end = peek().kind == TokenKind::end;
    fail(peek().offset,
         what + (is_end ? " before the end" : " before '" + std::string(peek().text) + "'"));
  }

  // What people write who come from other languages.
  static std::string hint_for(std::string_view symbol) {
    if (symbol == "=") return "; to compare, write ==";
    if (symbol == "and") return "; write &&";
    if (symbol == "or") return "; write ||";
    return {};
  }

  Node* make(NodeKind kind, std::size_t offset) {
    Node* node = arena_.make<Node>();
    node->kind = kind;
    node->offset = static_cast<std::uint32_t>(offset);
    return node;
  }
  Node* adopt(Node* node, std::span<Node* const> children) {
    Node** kept = arena_.array<Node*>(children.size());
    std::ranges::copy(children, kept);
    node->children = {kept, children.size()};
    for (const Node* child : children) {
      node->depth = std::max(node->depth, static_cast<std::uint16_t>(child->depth + 1));
    }
    if (node->depth > max_depth) fail_depth(node->offset);
    return node;
  }
  Node* adopt(Node* node, std::initializer_list<Node*> children) {
    return adopt(node, std::span<Node* const>(children.begin(), children.size()));
  }
  void fail_depth(std::size_t offset) {
    fail(offset, "this is nested deeper than " + std::to_string(max_depth) + " levels");
  }

  Node* read_expression() {
    if (++nesting_ > max_depth) fail_depth(peek().offset);
    Node* node = has_failed_ ? make(NodeKind::constant, 0) : read_conditional();
    --nesting_;
    return node;
  }

  Node* read_conditional() {
    Node* condition = read_logical(Operation::logical_or);
    const std::size_t offset = peek().offset;
    if (!take("?")) return condition;
    Node* then = read_logical(Operation::logical_or);
    expect(":");
    return adopt(make(NodeKind::conditional, offset), {condition, then, read_expression()});
  }

  // a || b || c is one node: a long chain is not deep.
  Node* read_logical(Operation operation) {
    const bool is_or = operation == Operation::logical_or;
    const auto read_operand = [&] {
      return is_or ? read_logical(Operation::logical_and) : read_binary(relation_precedence);
    };
    Node* first = read_operand();
    const std::size_t offset = peek().offset;
    if (!is_next(operation_text(operation))) return first;
    std::vector<Node*> operands{first};
    while (take(operation_text(operation))) operands.push_back(read_operand());
    Node* node = make(NodeKind::logical, offset);
    node->operation = operation;
    return adopt(node, operands);
  }

  const BinaryOperator* next_operator(int least_precedence) const {
    const bool may_be = peek().kind == TokenKind::symbol || peek().kind == TokenKind::name;
    const BinaryOperator* found = may_be ? find_binary_operator(peek().text) : nullptr;
    return found != nullptr && found->precedence >= least_precedence ? found : nullptr;
  }

  // Precedence climbing; all are left-associative.
  Node* read_binary(int least_precedence) {
    Node* left = read_unary();
    while (const BinaryOperator* next = next_operator(least_precedence)) {
      Node* node = make(NodeKind::operation, peek().offset);
      node->operation = next->operation;
      ++at_;
      left = adopt(node, {left, read_binary(next->precedence + 1)});
      if (has_failed_) return left;
    }
    return left;
  }

  Node* read_unary() {
    const std::size_t offset = peek().offset;
    const bool is_minus = is_next("-");
    if (!is_minus && !is_next("!")) return read_member();
    ++at_;
    if (is_minus && is_number(peek())) return read_member_of(read_number(true, offset));
    if (++nesting_ > max_depth) fail_depth(offset);
    Node* node = make(NodeKind::operation, offset);
    node->operation = is_minus ? Operation::negate : Operation::logical_not;
    adopt(node, {has_failed_ ? node : read_unary()});
    --nesting_;
    return node;
  }

  static bool is_number(const Token& token) {
    return token.kind == TokenKind::integer ||
           (token.kind == TokenKind::literal && token.value.kind() == Kind::number);
  }

  // The minus belongs to the literal: -9223372036854775808 has no positive counterpart.
  Node* read_number(bool is_negative, std::size_t offset) {
    const Token& token = tokens_[at_++];
    Node* node = make(NodeKind::constant, offset);
    if (token.kind == TokenKind::literal) {
      node->value = Value::number(is_negative ? -token.value.as_double() : token.value.as_double());
      return node;
    }
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (token.magnitude > largest + (is_negative ? 1 : 0)) {
      fail(offset, "'" + std::string(token.text) + "' does not fit in an int of 64 bits");
      return node;
    }
    node->value = Value::integer(
        static_cast<std::int64_t>(is_negative ? 0 - token.magnitude : token.magnitude));
    return node;
  }

  Node* read_member() { return read_member_of(read_primary()); }

  Node* read_member_of(Node* node) {
    while (!has_failed_) {
      const std::size_t offset = peek().offset;
      if (take(".")) {
        node = read_select(node);
      } else if (take("[")) {
        Node* index = make(NodeKind::index, offset);
        index->is_optional = take("?");
        node = adopt(index, {node, read_expression()});
        expect("]");
      } else if (is_next("{") && is_qualified_name(*node)) {
        fail(node->offset, "messages such as Name{field: value} are not supported; use a map");
      } else {
        return node;
      }
    }
    return node;
  }

  static bool is_qualified_name(const Node& node) {
    if (node.kind == NodeKind::name) return true;
    return node.kind == NodeKind::select && !node.is_test && is_qualified_name(*node.children[0]);
  }

  Node* read_select(Node* operand) {
    const bool is_optional = take("?");
    const Token& token = peek();
    if (token.kind != TokenKind::name && token.kind != TokenKind::quoted_name) {
      fail_here("a field name is missing");
      return operand;
    }
    ++at_;
    const bool is_quoted = token.kind == TokenKind::quoted_name;
    if (is_next("(") && !is_optional && !is_quoted) return read_call(token, operand);
    Node* node = make(NodeKind::select, token.offset);
    node->text = token.text;
    node->is_optional = is_optional;
    node->is_quoted = is_quoted;
    return adopt(node, {operand});
  }

  Node* read_primary() {
    const Token& token = peek();
    switch (token.kind) {
      case TokenKind::integer:
        return read_number(false, token.offset);
      case TokenKind::literal: {
        ++at_;
        Node* node = make(NodeKind::constant, token.offset);
        node->value = token.value;
        return node;
      }
      case TokenKind::name:
        return read_name(false);
      case TokenKind::symbol:
        if (take("(")) return read_parenthesised();
        if (take("[")) return read_list(token.offset);
        if (take("{")) return read_map(token.offset);
        if (take(".")) return read_name(true);
        break;
      default:
        break;
    }
    fail_here("a value is missing");
    return make(NodeKind::constant, token.offset);
  }

  Node* read_parenthesised() {
    Node* node = read_expression();
    expect(")");
    return node;
  }

  Node* read_name(bool is_rooted) {
    const Token& token = peek();
    Node* node = make(NodeKind::constant, token.offset);
    if (token.kind != TokenKind::name) {
      fail_here("a name is missing");
      return node;
    }
    ++at_;
    if (token.text == "true" || token.text == "false") {
      node->value = Value::boolean(token.text == "true");
      return node;
    }
    if (token.text == "null") return node;
    if (is_reserved(token.text)) {
      fail(token.offset, "'" + std::string(token.text) + "' is a reserved word of CEL");
      return node;
    }
    if (is_next("(")) {
      Node* call = read_call(token, nullptr);
      call->is_rooted = is_rooted;
      return call;
    }
    node->kind = NodeKind::name;
    node->text = token.text;
    node->is_rooted = is_rooted;
    return node;
  }

  // After the name; `operand` is what stood before the dot.
  Node* read_call(const Token& name, Node* operand) {
    expect("(");
    Node* node = make(NodeKind::call, name.offset);
    node->text = name.text;
    node->is_member = operand != nullptr;
    std::vector<Node*> children;
    if (operand != nullptr) children.push_back(operand);
    while (!has_failed_ && !take(")")) {
      children.push_back(read_expression());
      if (!is_next(")")) expect(",");
    }
    adopt(node, children);
    if (has_failed_) return node;
    std::uint32_t offset = node->offset;
    std::string error = expand_macro(*node, arena_, offset);
    if (!error.empty()) fail(offset, std::move(error));
    return node;
  }

  Node* read_list(std::size_t offset) {
    std::vector<Node*> items;
    Flags flags;
    while (!has_failed_ && !take("]")) {
      flags.add(take("?"));
      items.push_back(read_expression());
      if (!is_next("]")) expect(",");
    }
    Node* node = make(NodeKind::list, offset);
    node->flags = flags.keep(arena_);
    return adopt(node, items);
  }

  Node* read_map(std::size_t offset) {
    std::vector<Node*> parts;
    Flags flags;
    while (!has_failed_ && !take("}")) {
      flags.add(take("?"));
      parts.push_back(read_expression());
      expect(":");
      parts.push_back(read_expression());
      if (!is_next("}")) expect(",");
    }
    Node* node = make(NodeKind::map, offset);
    node->flags = flags.keep(arena_);
    return adopt(node, parts);
  }

  // One truth per entry of a list or map.
  class Flags {
   public:
    void add(bool flag) { flags_.push_back(flag); }
    std::span<const bool> keep(Arena& arena) const {
      bool* kept = arena.array<bool>(flags_.size());
      std::ranges::copy(flags_, kept);
      return {kept, flags_.size()};
    }

   private:
    std::vector<bool> flags_;
  };

  std::vector<Token> tokens_;
  Arena& arena_;
  std::vector<ExpressionError>& errors_;
  std::size_t at_ = 0;
  std::size_t nesting_ = 0;
  bool has_failed_ = false;
};

}  // namespace

void parse(std::string_view source, Ast& ast, std::vector<ExpressionError>& errors) {
  if (source.size() > max_source_bytes) {
    errors.push_back({0, "an expression may have " + std::to_string(max_source_bytes) + " bytes"});
    return;
  }
  if (!is_utf8(source)) {
    errors.push_back({0, "the expression is not UTF-8 text"});
    return;
  }
  const std::size_t errors_before = errors.size();
  std::vector<Token> tokens = read_tokens(source, ast.arena, errors);
  if (errors.size() > errors_before) return;
  ast.root = Parser(std::move(tokens), ast.arena, errors).read();
}

}  // namespace sluice::cel
