// Progress: a bar on stderr for long work; nothing when stderr is no terminal.
#pragma once

#include <chrono>
#include <string>

namespace sluice {

class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `share` 0 to 1; `detail` stands behind it.
  void show(double share, const std::string& detail = {});
  void clear();                              // before something else is printed
  void show_count(const std::string& text);  // where the end is not known

 private:
  bool is_due();
  void draw(const std::string& text);

  const std::string what_;
  const bool is_terminal_;
  const std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point drawn_;
  bool has_drawn_ = false;
};

}  // namespace sluice
