// Environment: the names that an expression may use, their types, and how their values are fetched.
//
//   Environment  declared once: name -> index, type       Bindings  per evaluation: index -> value
//
// Names may be dotted ("event.received"). Within a container "a.b", a name x means a.b.x, else a.x,
// else x (langdef.md, "Name Resolution"); a dot before it leaves the container out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/value.h"
#include "pipelines/expression/types.h"

namespace sluice::cel {

class Environment {
 public:
  explicit Environment(std::string container = {}) : container_(std::move(container)) {}

  // The index of the new variable: 0, 1, 2 ... `type` lives as long as the Environment (types()).
  std::size_t declare(std::string name, const Type* type);
  Types& types() { return types_; }

  std::optional<std::size_t> find(std::string_view name) const;
  const std::string& name(std::size_t variable) const { return variables_[variable].name; }
  const Type* type(std::size_t variable) const { return variables_[variable].type; }
  std::vector<std::string_view> names() const;

  // The names that `name` may stand for, the one that counts first.
  std::vector<std::string> candidates(std::string_view name, bool is_rooted) const;

 private:
  struct Variable {
    std::string name;
    const Type* type;
  };
  std::string container_;
  std::vector<Variable> variables_;
  Types types_;
};

class Bindings {
 public:
  virtual ~Bindings() = default;
  // The value of a variable of the Environment. What must be made for it lies in `arena`.
  virtual Value fetch(std::size_t variable, Arena& arena) const = 0;
};

// The names that expressions over events see.
const Environment& event_environment();
std::string_view describe_event_name(std::size_t variable);  // what it is, for the reference
std::size_t data_variable();                                 // the index of `data` there

class EventBindings final : public Bindings {
 public:
  explicit EventBindings(const Event& event) : event_(event) {}
  Value fetch(std::size_t variable, Arena& arena) const override;

 private:
  const Event& event_;
};

}  // namespace sluice::cel
