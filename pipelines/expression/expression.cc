#include "pipelines/expression/expression.h"

#include <algorithm>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/compiler.h"
#include "pipelines/expression/environment.h"
#include "pipelines/expression/machine.h"
#include "pipelines/expression/parser.h"

namespace sluice {
namespace {

bool names_variable(const cel::Node& node, std::size_t variable) {
  if (node.kind == cel::NodeKind::name && node.refers == cel::Node::Refers::variable &&
      node.target == variable) {
    return true;
  }
  return std::ranges::any_of(node.children, [&](const cel::Node* child) {
    return child != nullptr && names_variable(*child, variable);
  });
}

}  // namespace

struct Expression::Impl {
  std::string text;
  cel::Ast ast;  // owns what the program lends
  cel::Program program;
  std::uint64_t budget = 0;
  ExpressionType type = ExpressionType::dyn;
  bool uses_data = false;
};

std::variant<Expression, std::vector<ExpressionError>> Expression::compile(
    std::string_view text, const ExpressionOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->text = text;
  impl->budget = options.budget;
  std::vector<ExpressionError> errors;
  cel::parse(impl->text, impl->ast, errors);
  if (!errors.empty()) return errors;

  cel::Types types;
  cel::check(impl->ast, cel::event_environment(), {.promote_numbers = options.promote_numbers},
             types, errors);
  if (!errors.empty()) return errors;
  impl->type = impl->ast.root->type->kind;
  if (impl->ast.root->type->is_nullable) impl->type = ExpressionType::dyn;
  impl->uses_data = names_variable(*impl->ast.root, cel::data_variable());

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
bool Expression::uses_data() const { return impl_->uses_data; }

}  // namespace sluice
