// CoapSource: devices POST or PUT over CoAP (UDP), and are told 2.04 Changed only after the commit.
//
// One thread of its own runs the CoapServer. The engine's thread only leaves word for it - what is
// settled, whether to take more - and wakes it. See README.md for what a device sees.
#pragma once

#include <memory>

#include "core/result.h"
#include "drivers/coap/config.h"
#include "drivers/source.h"

namespace sluice {

class CoapSource final : public Source {
 public:
  CoapSource(CoapSourceConfig config, SourceContext context);
  ~CoapSource() override;

  // A port that is taken is tried again every few seconds, and shown in status(). CoAP has no
  // sessions to restore: `saved` is not looked at.
  //   bad_config  see validate()
  Result<void> start(const SavedState& saved) override;
  void settle(Receipt receipt, Outcome outcome) override;
  void resume() override;
  void pause() override;
  void stop_intake() override;
  SourceStatus status() const override;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace sluice
