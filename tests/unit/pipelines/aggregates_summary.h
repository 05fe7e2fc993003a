// Summary: one state of one aggregate, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/aggregates/catalog.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice::testing {

class Summary {
 public:
  // Without parameters: as few as the aggregate can have.
  explicit Summary(std::string_view name, std::vector<double> parameters = {})
      : kind_(find_aggregate(name)) {
    while (parameters.size() < kind_->parameters.least) {
      parameters.push_back(50.0 + static_cast<double>(parameters.size()));
    }
    aggregate_ = std::move(kind_->make(parameters)).value();
    state_ = std::make_unique<std::byte[]>(aggregate_->state_bytes());
    aggregate_->make(state_.get());
  }
  Summary(Summary&&) = default;
  ~Summary() {
    if (state_) aggregate_->destroy(state_.get());
  }

  bool add(Value value, std::int64_t ms = 0) {
    EXPECT_EQ(aggregate_->refuses(value), "");
    return aggregate_->add(state_.get(), {value, at_ms(ms)});
  }
  // Of an aggregate with two arguments: both.
  bool add_number(Value number, std::int64_t ms = 0) {
    const Value pair[] = {number, number};
    return add(kind_->arguments.most == 2 ? Value::list(pair) : number, ms);
  }
  void merge(const Summary& later) { aggregate_->merge(state_.get(), later.state_.get()); }
  Value result() { return aggregate_->result(state_.get(), arena_); }
  double number() {
    const Value value = result();
    return value.is_numeric() ? value.to_double() : std::nan("");
  }
  std::string json() { return to_json(result()); }
  bool refuses(Value value) const { return !aggregate_->refuses(value).empty(); }
  std::size_t bytes() const {
    return aggregate_->state_bytes() + aggregate_->heap_bytes(state_.get());
  }

  std::string saved() const {
    std::string bytes;
    aggregate_->save(state_.get(), bytes);
    return bytes;
  }
  bool load(std::string_view bytes) {
    aggregate_->destroy(state_.get());
    aggregate_->make(state_.get());
    ByteReader in(bytes);
    aggregate_->load(state_.get(), in);
    return in.is_ok() && in.at_end();
  }

 private:
  const AggregateKind* kind_;
  std::unique_ptr<Aggregate> aggregate_;
  std::unique_ptr<std::byte[]> state_;
  Arena arena_;
};

}  // namespace sluice::testing
