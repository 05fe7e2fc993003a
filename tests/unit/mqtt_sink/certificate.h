// A certificate that vouches for itself, made for one test.
#pragma once

#include <filesystem>
#include <string>

namespace sluice {

class Certificate {
 public:
  explicit Certificate(const std::string& host);  // valid for an hour from now
  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string certificate_file() const { return folder_ / "certificate.pem"; }
  std::string key_file() const { return folder_ / "key.pem"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace sluice
