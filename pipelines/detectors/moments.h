// Moments: mean and spread of weighted samples, and Extent: the lowest and the highest. Both can be
// parts of a window (panes.h).
//
// Moments grow by Welford's update and merge by that of Chan, Golub and LeVeque, so no large
// squares are subtracted from each other. The spread is the standard deviation of just these
// samples (it divides by their number).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/bytes.h"
#include "pipelines/aggregates/numbers.h"

namespace sluice {

struct Moments {
  double weight = 0.0;  // the number of samples, until it fades
  double mean = 0.0;
  double squares = 0.0;  // sum of squared distances from the mean

  double count() const { return weight; }
  double spread() const { return weight > 0.0 ? std::sqrt(squares / weight) : 0.0; }

  void add(double value) {
    weight += 1.0;
    const double distance = value - mean;
    mean += distance / weight;
    squares += distance * (value - mean);
  }
  void merge(const Moments& other) {
    if (other.weight <= 0.0) return;
    if (weight <= 0.0) {
      *this = other;
      return;
    }
    const double both = weight + other.weight;
    const double distance = other.mean - mean;
    mean += distance * (other.weight / both);
    squares += other.squares + distance * distance * (weight * other.weight / both);
    weight = both;
  }
  // Lets the samples count for only a part: `keep` in [0, 1].
  void fade(double keep) {
    weight *= keep;
    squares *= keep;
  }

  void save(std::string& out) const {
    for (const double number : {weight, mean, squares}) put_double(out, number);
  }
  void load(ByteReader& in) {
    for (double* number : {&weight, &mean, &squares}) *number = read_double(in);
  }
};

struct Extent {
  double number = 0.0;  // of samples
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -std::numeric_limits<double>::infinity();

  double count() const { return number; }
  double width() const { return highest - lowest; }
  // How far outside, or zero.
  double distance_of(double value) const {
    return std::max({value - highest, lowest - value, 0.0});
  }

  void add(double value) {
    number += 1.0;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  void merge(const Extent& other) {
    number += other.number;
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
  }

  void save(std::string& out) const {
    for (const double value : {number, lowest, highest}) put_double(out, value);
  }
  void load(ByteReader& in) {
    for (double* value : {&number, &lowest, &highest}) *value = read_double(in);
  }
};

}  // namespace sluice
