#include "pipelines/expression/machine.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "pipelines/expression/access.h"
#include "pipelines/expression/compare.h"
#include "pipelines/expression/loop.h"
#include "pipelines/expression/operators.h"

namespace sluice::cel {
namespace {

// Small programs keep their registers on the stack.
constexpr std::size_t registers_on_stack = 24;

class Machine {
 public:
  Machine(const Program& program, const Bindings& bindings, Context& context, Value* registers,
          std::span<Loop> loops)
      : program_(program),
        bindings_(bindings),
        context_(context),
        registers_(registers),
        loops_(loops) {}

  Value run() {
    const std::size_t end = program_.code.size();
    const Instruction* code = program_.code.data();
    for (std::size_t at = 0; at < end;) {
      const Instruction& i = code[at++];
      Value& target = registers_[i.target];
      switch (i.op) {
        case Op::copy:
          target = get(i.a);
          break;
        case Op::variable:
          target = bindings_.fetch(i.a, context_.arena());
          break;
        case Op::path:
          target = walk(bindings_.fetch(i.a, context_.arena()), program_.paths[i.c]);
          break;
        case Op::select:
          target = select(get(i.a), get(i.b).as_text(), context_);
          break;
        case Op::optional_select:
        case Op::optional_index:
          target = optional_index(get(i.a), get(i.b), context_);
          break;
        case Op::has:
          target = has_field(get(i.a), get(i.b).as_text(), context_);
          break;
        case Op::index:
          target = index(get(i.a), get(i.b), context_);
          break;
        case Op::arithmetic:
        case Op::promoting:
          target = arithmetic(operation(i), get(i.a), get(i.b), i.op == Op::promoting, context_);
          break;
        case Op::negate:
          target = negate(get(i.a), context_);
          break;
        case Op::compare:
          target = comparison(operation(i), get(i.a), get(i.b), context_);
          break;
        case Op::in:
          target = contains(get(i.a), get(i.b), context_);
          break;
        case Op::logical_not:
          target = logical_not(get(i.a), context_);
          break;
        case Op::leave_if:
          if (decides(get(i.a), operation(i))) at = i.c;
          break;
        case Op::merge:
          target = logical(operation(i), get(i.a), get(i.b), context_);
          break;
        case Op::branch:
          at = branch(i, target, at);
          break;
        case Op::jump:
          at = i.c;
          break;
        case Op::call:
        case Op::call_promoting:
          target =
              call(program_.functions[i.c], arguments(i), i.op == Op::call_promoting, context_);
          break;
        case Op::matches:
          target = matches(get(i.a), program_.regexes[i.c]);
          break;
        case Op::list:
          target = make_list(arguments(i), program_.flags[i.c], context_);
          break;
        case Op::map:
          target = make_map(arguments(i), program_.flags[i.c], context_);
          break;
        case Op::loop_begin:
        case Op::loop_next:
        case Op::loop_filter:
        case Op::loop_collect:
        case Op::loop_end:
          at = step_loop(i, target, at);
          break;
        case Op::opt_enter:
          if (!enter_optional(i, target)) at = i.c;
          break;
        case Op::opt_leave:
          target = leave_optional(i);
          break;
      }
    }
    return get(program_.result);
  }

 private:
  const Value& get(Operand operand) const {
    return (operand & constant_bit) != 0 ? program_.constants[operand & ~constant_bit]
                                         : registers_[operand];
  }
  static Operation operation(const Instruction& i) { return static_cast<Operation>(i.detail); }
  std::span<const Value> arguments(const Instruction& i) const {
    return {registers_ + i.a, i.detail};
  }

  static bool decides(const Value& value, Operation operation) {
    return value.kind() == Kind::boolean && value.as_bool() == (operation == Operation::logical_or);
  }

  Value walk(const Value& start, std::span<const Value> path) {
    const Value* at = &start;
    Value made;  // an element that is not in its container as it is: of an optional
    for (const Value& key : path) {
      const Value* member = key.kind() == Kind::string ? at->find(key.as_text()) : nullptr;
      if (member == nullptr) {
        made = index(*at, key, context_);
        if (made.is_error()) return made;
        member = &made;
      }
      at = member;
    }
    return *at;
  }

  // The word after a branch says where to go when the condition is no bool.
  std::size_t branch(const Instruction& i, Value& target, std::size_t at) {
    const Value& condition = get(i.a);
    if (condition.kind() == Kind::boolean) return condition.as_bool() ? at + 1 : i.c;
    target = no_overload("?", {&condition, 1}, context_);
    return program_.code[at].c;
  }

  Value matches(const Value& text, const Regex& regex) {
    if (text.kind() != Kind::string) return no_overload("matches", {&text, 1}, context_);
    if (!context_.spend_bytes(text.as_text().size() * 8)) return Context::over_budget();
    return Value::boolean(regex.matches(text.as_text()));
  }

  std::size_t step_loop(const Instruction& i, Value& target, std::size_t at) {
    Loop& loop = loops_[i.detail];
    switch (i.op) {
      case Op::loop_begin:
        if (loop.begin(static_cast<Macro>(i.macro), get(i.a), context_)) return at;
        target = loop.result();
        return i.c;
      case Op::loop_next:
        // A turn costs what there is to run in it.
        return loop.next({&target, i.macro}, (i.c - at) / 4 + 1, context_) ? at : i.c;
      case Op::loop_filter:
        return after(i, loop.filter(get(i.a), context_), target, at);
      case Op::loop_collect:
        return after(i, loop.collect(get(i.a), registers_[i.b], context_), target, at);
      default:
        target = loop.end(context_);
        return at;
    }
  }

  std::size_t after(const Instruction& i, Loop::Turn turn, Value& target, std::size_t at) {
    if (turn == Loop::Turn::body) return at;
    if (turn == Loop::Turn::next) return i.c;
    target = loops_[i.detail].result();
    return program_.code[i.c - 1].c;  // loop_begin lies before loop_next and knows the way out
  }

  bool enter_optional(const Instruction& i, Value& target) {
    const Value& operand = get(i.a);
    const bool is_optional = operand.kind() == Kind::optional;
    if (is_optional && operand.as_optional() != nullptr) {
      target = *operand.as_optional();
      return true;
    }
    registers_[i.b] = is_optional ? operand : no_overload("optMap", {&operand, 1}, context_);
    return false;
  }

  Value leave_optional(const Instruction& i) {
    const Value& body = get(i.a);
    if (i.detail == 0) return make_optional(body, context_);
    return body.kind() == Kind::optional ? body : no_overload("optFlatMap", {&body, 1}, context_);
  }

  const Program& program_;
  const Bindings& bindings_;
  Context& context_;
  Value* registers_;
  std::span<Loop> loops_;
};

}  // namespace

Value run(const Program& program, const Bindings& bindings, Context& context) {
  std::span<Loop> loops;
  if (program.loops > 0) {
    loops = {context.arena().array<Loop>(program.loops), program.loops};
    std::uninitialized_default_construct_n(loops.data(), loops.size());
  }
  // Room alone: only the registers that the program uses are made.
  alignas(Value) std::array<std::byte, registers_on_stack * sizeof(Value)> room;
  auto* registers = reinterpret_cast<Value*>(room.data());
  if (program.registers > registers_on_stack) {
    registers = context.arena().array<Value>(program.registers);
  }
  std::uninitialized_default_construct_n(registers, program.registers);
  return Machine(program, bindings, context, registers, loops).run();
}

}  // namespace sluice::cel
