// QueueMemory: holds what Paho has taken and not yet sent. Only broker_connection.cc includes this.
//
// When a client is destroyed, Paho 1.3.12 frees the entries of its queue but not the bytes of
// publications in them: a batch would leak at each lost connection that it was queued on. A client
// with a persistence keeps these bytes there instead, so that they go with it. Nothing is kept
// beyond the client: the outbox is the memory that lasts.
#pragma once

#include <mqtt/iclient_persistence.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::mqtt {

// Called by Paho's threads and the publishing one. No call throws but for want of memory, which
// Paho answers by keeping the bytes itself.
class QueueMemory final : public ::mqtt::iclient_persistence {
 public:
  void open(const std::string& client_id, const std::string& url) override;
  void close() override;
  void clear() override;
  bool contains_key(const std::string& key) override;
  ::mqtt::string_collection keys() const override;
  void put(const std::string& key, const std::vector<::mqtt::string_view>& parts) override;
  std::string get(const std::string& key) const override;  // empty when there is none
  void remove(const std::string& key) override;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> entries_;  // guarded by mutex_
};

}  // namespace sluice::mqtt
