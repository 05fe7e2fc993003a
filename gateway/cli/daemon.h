// Daemon: the gateway of the configuration in force, and what puts another into its place.
//
//   start() --> [ gateway ] --reload(), reload_changed_files()--> [ next gateway ] --> stop()
//                    ^-- answer(), status(), is_alive()
//
// A bad configuration never ends one that works: what runs goes on, or on a start the last one that
// worked, and status says why. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "gateway/admin/http_server.h"
#include "gateway/configuration.h"
#include "gateway/file_watch.h"
#include "gateway/gateway.h"

namespace sluice {

class Daemon {
 public:
  explicit Daemon(std::string file) : file_(std::move(file)) {}

  // Starts the gateway. Gives the process's exit code; unless it is exit_ok, nothing runs.
  int start();
  // Checks the file, then switches. Gives what to tell the person, and whether it worked.
  std::pair<bool, std::string> reload();
  // The same with the configuration that runs and the files that it names, when one has changed.
  void reload_changed_files();
  // For good: drains, commits, saves the state. Answers that are under way end soon.
  void stop();

  // What tools and monitoring ask.
  AdminResponse answer(const AdminRequest& request);
  AdminSection admin();
  // After start() and before stop().
  GatewayStatus status();
  // See Gateway::is_alive().
  bool is_alive(Duration limit);

 private:
  // What the file says by now; nothing, and why, when it is bad.
  std::optional<Configuration> read_file(std::string& problems) const;
  AdminResponse answer_views_request(const std::string& path);
  AdminResponse answer_post(const AdminRequest& request);
  AdminResponse compact();
  AdminResponse answer_health();

  // Under mutex_, or before another thread knows this:
  int start_gateway(Configuration configuration, OpenStore store, std::string refused);
  // Ends the gateway that runs, and starts one of this configuration, on the same store.
  std::pair<bool, std::string> switch_to(Configuration configuration, std::string refused);
  std::pair<bool, std::string> refuse(const std::string& problems, const std::string& remedy);
  bool is_text_on_disk() const;

  const std::string file_;

  std::mutex mutex_;  // held for one question or one switch, never for a long answer
  // Guarded by mutex_.
  std::unique_ptr<Gateway> gateway_;  // replaced by a reload
  std::uint64_t starts_ = 0;          // of gateways, so far
  bool is_stopped_ = false;
  // Guarded by mutex_: of the gateway that runs.
  StorageSection storage_;
  AdminSection admin_;
  std::string text_;  // its configuration,
  std::string text_name_;
  std::vector<EpochFile> files_;  // the files that it names, as they are in force,
  FileWatch watch_;               // and whether they still are that on the disk
  std::string refused_text_;      // why the configuration on the disk is not in force; empty: it is
};

}  // namespace sluice
