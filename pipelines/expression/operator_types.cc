#include "pipelines/expression/operator_types.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/result.h"

namespace sluice::cel {
namespace {

struct Row {
  Operation operation;
  std::string_view first;
  std::string_view second;  // empty: one operand
  std::string_view result;
};

constexpr std::array<Row, 24> rows{{
    {Operation::add, "int", "int", "int"},
    {Operation::add, "uint", "uint", "uint"},
    {Operation::add, "double", "double", "double"},
    {Operation::add, "string", "string", "string"},
    {Operation::add, "bytes", "bytes", "bytes"},
    {Operation::add, "list(A)", "list(A)", "list(A)"},
    {Operation::add, "timestamp", "duration", "timestamp"},
    {Operation::add, "duration", "timestamp", "timestamp"},
    {Operation::add, "duration", "duration", "duration"},
    {Operation::subtract, "int", "int", "int"},
    {Operation::subtract, "uint", "uint", "uint"},
    {Operation::subtract, "double", "double", "double"},
    {Operation::subtract, "timestamp", "timestamp", "duration"},
    {Operation::subtract, "timestamp", "duration", "timestamp"},
    {Operation::subtract, "duration", "duration", "duration"},
    {Operation::modulo, "int", "int", "int"},
    {Operation::modulo, "uint", "uint", "uint"},
    {Operation::negate, "int", "", "int"},
    {Operation::negate, "double", "", "double"},
    {Operation::logical_not, "bool", "", "bool"},
    {Operation::equal, "A", "A", "bool"},
    {Operation::not_equal, "A", "A", "bool"},
    {Operation::in, "A", "list(A)", "bool"},
    {Operation::in, "A", "map(A, B)", "bool"},
}};

constexpr std::array<Operation, 2> scaling{Operation::multiply, Operation::divide};
constexpr std::array<Operation, 4> orders{Operation::less, Operation::less_equal,
                                          Operation::greater, Operation::greater_equal};
constexpr std::array<std::string_view, 3> numbers{"int", "uint", "double"};
constexpr std::array<std::string_view, 5> ordered{"bool", "string", "bytes", "timestamp",
                                                  "duration"};

class Table {
 public:
  Table() {
    for (const Row& row : rows) {
      if (row.second.empty()) {
        add(row.operation, {row.first}, row.result);
      } else {
        add(row.operation, {row.first, row.second}, row.result);
      }
    }
    for (const std::string_view number : numbers) {
      for (const Operation operation : scaling) add(operation, {number, number}, number);
      // Numbers of different types compare too.
      for (const std::string_view other : numbers) add_orders(number, other);
    }
    for (const std::string_view type : ordered) add_orders(type, type);
  }

  std::span<const OperatorOverload> find(Operation operation) const {
    return overloads_[static_cast<std::size_t>(operation)];
  }

 private:
  void add_orders(std::string_view a, std::string_view b) {
    for (const Operation order : orders) add(order, {a, b}, "bool");
  }

  void add(Operation operation, std::initializer_list<std::string_view> parameters,
           std::string_view result) {
    OperatorOverload overload;
    for (std::string_view text : parameters) {
      overload.parameters.push_back(parse_type(text, types_));
      CHECK(overload.parameters.back() != nullptr);
    }
    overload.result = parse_type(result, types_);
    CHECK(overload.result != nullptr);
    overloads_[static_cast<std::size_t>(operation)].push_back(std::move(overload));
  }

  Types types_;
  std::array<std::vector<OperatorOverload>, 16> overloads_;
};

}  // namespace

std::span<const OperatorOverload> operator_overloads(Operation operation) {
  static const Table table;
  return table.find(operation);
}

}  // namespace sluice::cel
