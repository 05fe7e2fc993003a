#include "pipelines/expression/expression.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/compiler.h"
#include "pipelines/expression/environment.h"
#include "pipelines/expression/machine.h"
#include "pipelines/expression/parser.h"

namespace sluice {
namespace {

// The key of a.key and a["key"]; nothing: another kind of node.
std::optional<std::string_view> constant_key(const cel::Node& node) {
  if (node.kind == cel::NodeKind::select) return node.text;
  if (node.kind != cel::NodeKind::index) return std::nullopt;
  const cel::Node& key = *node.children[1];
  if (key.kind != cel::NodeKind::constant || key.value.kind() != Kind::string) return std::nullopt;
  return key.value.as_text();
}

// Adds the way from `data` to here, and true, when this node is nothing but such a way.
bool append_way(const cel::Node& node, std::vector<std::string>& way) {
  if (node.kind == cel::NodeKind::name) {
    return node.refers == cel::Node::Refers::variable && node.target == cel::data_variable();
  }
  const auto key = constant_key(node);
  if (!key || !append_way(*node.children[0], way)) return false;
  way.emplace_back(*key);
  return true;
}

void find_data_paths(const cel::Node& node, DataPaths& paths) {
  if (std::vector<std::string> way; append_way(node, way)) {
    if (std::ranges::find(paths, way) == paths.end()) paths.push_back(std::move(way));
    return;
  }
  for (const cel::Node* child : node.children) {
    if (child != nullptr) find_data_paths(*child, paths);
  }
}

thread_local std::uint64_t budget_of_thread = ExpressionBudget::by_default;

}  // namespace

ExpressionBudget::ExpressionBudget(std::uint64_t budget) : outer_(budget_of_thread) {
  budget_of_thread = budget;
}
ExpressionBudget::~ExpressionBudget() { budget_of_thread = outer_; }

struct Expression::Impl {
  std::string text;
  cel::Ast ast;  // owns what the program lends
  cel::Program program;
  std::uint64_t budget = 0;
  ExpressionType type = ExpressionType::dyn;
  DataPaths data_paths;
};

std::variant<Expression, std::vector<ExpressionError>> Expression::compile(
    std::string_view text, const ExpressionOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->text = text;
  impl->budget = options.budget.value_or(budget_of_thread);
  std::vector<ExpressionError> errors;
  cel::parse(impl->text, impl->ast, errors);
  if (!errors.empty()) return errors;

  cel::Types types;
  cel::check(impl->ast, cel::event_environment(), {.promote_numbers = options.promote_numbers},
             types, errors);
  if (!errors.empty()) return errors;
  impl->type = impl->ast.root->type->kind;
  if (impl->ast.root->type->is_nullable) impl->type = ExpressionType::dyn;
  find_data_paths(*impl->ast.root, impl->data_paths);

  impl->program = cel::compile(impl->ast, errors);
  if (!errors.empty()) return errors;
  return Expression(std::move(impl));
}

Expression::Expression(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Value Expression::evaluate(const Event& event, Arena& arena) const {
  cel::Context context(arena, impl_->budget);
  return cel::run(impl_->program, cel::EventBindings(event), context);
}

const std::string& Expression::text() const { return impl_->text; }
ExpressionType Expression::type() const { return impl_->type; }
bool Expression::uses_data() const { return !impl_->data_paths.empty(); }
const DataPaths& Expression::data_paths() const { return impl_->data_paths; }

}  // namespace sluice
