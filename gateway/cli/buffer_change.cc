// sluice buffer compact, repair, replay; dead-letters retry, drop: a running gateway does them
// itself, and without one they change the store directly.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "core/progress.h"
#include "drivers/codecs/json.h"
#include "gateway/buffer/compact.h"
#include "gateway/buffer/edit.h"
#include "gateway/buffer/verify.h"
#include "gateway/cli/ask.h"
#include "gateway/cli/buffer.h"
#include "gateway/cli/print.h"
#include "gateway/screen_text.h"
#include "storage/quarantine.h"

namespace sluice {
namespace {

constexpr auto compact_timeout = std::chrono::hours(1);
constexpr std::size_t chunk_events = 1'000;
constexpr std::size_t chunk_bytes = 512 * 1024;  // below what the admin socket takes

// With --store it is that one, whatever a gateway of this configuration does.
bool is_live(const BufferOptions& options) {
  return options.store.empty() && is_running(options.tool);
}

std::string compact_text(std::uint64_t before, std::uint64_t after) {
  return "the file had " + bytes_text(before) + " and has " + bytes_text(after) + " now\n";
}

// A store that no gateway owns, with what an edit needs.
struct Workshop {
  OpenStore store;
  FrameCodec codec;
  std::string store_id;
  Head head;

  static Result<Workshop> open(const BufferOptions& options) {
    Workshop shop;
    shop.store = TRY(open_store(storage_of(options)));
    shop.store_id = TRY(read_or_make_store_id(shop.store.get(), shop.codec));
    std::uint64_t damaged = 0;
    shop.head = TRY(recover_head(shop.store.get(), shop.codec, damaged));
    return shop;
  }
  BlockHeader header() const {
    BlockHeader header;
    const SystemClock clock;
    header.block = head.next_block;
    header.boot_id = clock.boot_id();
    header.wall = clock.wall();
    header.monotonic = clock.monotonic();
    header.engine_time = head.engine_time;
    header.next_sequence = head.next_sequence;
    return header;
  }
  Result<void> commit(WriteBatch& batch) {
    put_head(batch, codec, head);
    return store.get().commit(batch);
  }
};

int print_change(const BufferOptions& options, const LetterChange& change, const char* what,
                 const char* why_left) {
  if (options.tool.is_json) {
    print(stdout, "{\"changed\":" + std::to_string(change.changed) +
                      ",\"left\":" + std::to_string(change.not_now.size()) + "}\n");
  } else {
    print(stdout, count_of(change.changed, "dead letter") + " " + what + "\n");
    if (!change.not_now.empty())
      print(stderr,
            "sluice: " + count_of(change.not_now.size(), "dead letter") + " " + why_left + "\n");
  }
  return change.changed > 0 ? exit_ok : exit_failed;
}

// {"changed": 3, "left": [7]}
LetterChange change_of(const Value& answer) {
  LetterChange change;
  if (const Value* changed = answer.find("changed"); changed != nullptr)
    change.changed = static_cast<std::uint64_t>(changed->as_int());
  if (const Value* left = answer.find("left"); left != nullptr && left->kind() == Kind::list) {
    for (const Value& number : left->as_list())
      change.not_now.push_back(static_cast<std::uint64_t>(number.as_int()));
  }
  return change;
}

// Where replayed events go: to the running gateway, or into the store.
class ReplayTarget {
 public:
  static Result<ReplayTarget> open(const BufferOptions& options) {
    ReplayTarget target(options);
    if (!is_live(options)) target.shop_ = TRY(Workshop::open(options));
    return target;
  }

  Result<std::uint64_t> send(const std::string& block) {
    if (!shop_) {
      AdminResponse response;
      if (ask(options_.tool, {"POST", "/v1/buffer/add/" + options_.sink, block}, response) !=
          exit_ok)
        return Error{ErrorKind::try_later, "the gateway has gone meanwhile"};
      if (response.status != 200) {
        if (!response.body.empty()) response.body.pop_back();
        return Error{response.status == 422 ? ErrorKind::bad_input : ErrorKind::try_later,
                     response.body};
      }
      Arena arena;
      const auto answer = parse_json(response.body, arena);
      return answer ? change_of(*answer).changed : std::uint64_t{0};
    }
    WriteBatch batch;
    const LaneId lane = TRY(last_lane_of(shop_->head, options_.sink));
    const std::uint64_t added = TRY(add_events(batch, shop_->codec, shop_->head, lane,
                                               shop_->header(), block, shop_->store_id));
    TRY(shop_->commit(batch));
    return added;
  }
  // The store to read from, when no gateway has it.
  const Store* store() const { return shop_ ? &shop_->store.get() : nullptr; }

 private:
  explicit ReplayTarget(const BufferOptions& options) : options_(options) {}

  const BufferOptions& options_;
  std::optional<Workshop> shop_;
};

// Encodes neighbouring events as blocks and hands them on at the rate that was asked for.
class Replayer {
 public:
  Replayer(const BufferOptions& options, ReplayTarget& target)
      : options_(options), target_(target), began_(std::chrono::steady_clock::now()) {}

  Result<void> add(const StoredEvent& stored) {
    ++chosen_;
    if (options_.is_dry_run) return {};
    if (!events_.empty() && stored.header.gateway != header_.gateway) TRY(flush());
    if (events_.empty()) header_ = stored.header;
    events_.push_back(copy(stored.event));
    bytes_ += stored.event.payload.size() + 512;
    const auto most = options_.rate > 0
                          ? std::max<std::size_t>(1, static_cast<std::size_t>(options_.rate / 5))
                          : chunk_events;
    if (events_.size() >= std::min(most, chunk_events) || bytes_ >= chunk_bytes / 2) return flush();
    return {};
  }
  Result<void> flush() {
    if (events_.empty()) return {};
    std::vector<const Event*> pointers;
    for (const Event& event : events_) pointers.push_back(&event);
    sent_ += TRY(target_.send(encode_block(header_, pointers)));
    events_.clear();
    arena_.reset();
    bytes_ = 0;
    if (options_.rate > 0) {
      std::this_thread::sleep_until(
          began_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(static_cast<double>(sent_) / options_.rate)));
    }
    return {};
  }
  std::uint64_t chosen() const { return chosen_; }
  std::uint64_t sent() const { return sent_; }

 private:
  // Its texts belong to a block that goes away.
  Event copy(const Event& event) {
    std::vector<const Event*> one = {&event};
    BlockHeader header;
    const std::string_view kept = arena_.copy(encode_block(header, one));
    auto block = decode_block(kept, "", arena_);
    CHECK(block.is_ok());
    return block->events.front();
  }

  const BufferOptions& options_;
  ReplayTarget& target_;
  const std::chrono::steady_clock::time_point began_;
  Arena arena_;
  BlockHeader header_;
  std::vector<Event> events_;
  std::size_t bytes_ = 0;
  std::uint64_t chosen_ = 0;
  std::uint64_t sent_ = 0;
};

Result<std::pair<std::uint64_t, std::uint64_t>> replay(const BufferOptions& options) {
  BufferOptions of_journal = options;
  of_journal.sink.clear();
  Selection selection = TRY(selection_of(of_journal));
  ReplayTarget target = TRY(ReplayTarget::open(options));
  OpenStore beside;
  if (target.store() == nullptr) beside = TRY(open_store_read_only(storage_of(options)));
  StoredEvents events =
      TRY(StoredEvents::open(target.store() != nullptr ? *target.store() : beside.get()));
  TRY(last_lane_of(events.head(), options.sink));
  Replayer replayer(options, target);
  Progress progress("replay");
  std::optional<Error> failure;
  TRY(events.visit(selection, [&](const StoredEvent& stored) {
    if (auto added = replayer.add(stored); !added) failure = added.error();
    progress.show_count(count_text(replayer.chosen()) + " events");
    return !failure;
  }));
  if (!failure) {
    if (auto flushed = replayer.flush(); !flushed) failure = flushed.error();
  }
  if (failure) return *failure;
  return std::pair(replayer.chosen(), replayer.sent());
}

}  // namespace

int buffer_compact_command(const BufferOptions& options) {
  if (is_live(options)) {
    AdminResponse response;
    if (const int code =
            ask(options.tool, {"POST", "/v1/buffer/compact", {}}, response, compact_timeout);
        code != exit_ok)
      return code;
    if (response.status != 200) {
      print(stderr, "sluice: " + response.body);
      return exit_failed;
    }
    Arena arena;
    const auto report = parse_json(response.body, arena);
    if (options.tool.is_json || !report) {
      print(stdout, response.body + "\n");
    } else {
      print(stdout,
            compact_text(static_cast<std::uint64_t>(report->find("bytes_before")->as_int()),
                         static_cast<std::uint64_t>(report->find("bytes_after")->as_int())));
    }
    return exit_ok;
  }
  Result<CompactReport> report = CompactReport{};
  {
    Progress progress("compact");
    report = compact_store(storage_of(options), [&](double share) { progress.show(share); });
  }
  if (!report) return fail(report.error());
  print(stdout, options.tool.is_json ? compact_json(*report) + "\n"
                                     : compact_text(report->bytes_before, report->bytes_after));
  return exit_ok;
}

int buffer_repair_command(const BufferOptions& options) {
  if (is_live(options)) {
    print(stderr, "sluice: stop the gateway first: systemctl stop sluice\n");
    return exit_failed;
  }
  // Opening looks at the whole structure and salvages what it must.
  auto shop = Workshop::open(options);
  if (!shop) return fail(shop.error());
  const LmdbStore& file = *shop->store.file;
  std::uint64_t taken = file.salvaged().records;
  if (!options.from.empty()) {
    const auto damaged = LmdbFile::open_damaged(options.from);
    if (!damaged) return fail(damaged.error());
    Progress progress("salvage");
    const auto missing = salvage_missing(*damaged, shop->store, storage_of(options),
                                         [&](double share) { progress.show(share); });
    if (!missing) return fail(missing.error());
    taken += missing->records;
  }
  Result<VerifyReport> report = VerifyReport{};
  {
    Progress progress("verify");
    report = verify_store(file, shop->store.get(), [&](double share) { progress.show(share); });
  }
  if (!report) return fail(report.error());
  const auto quarantined = quarantine_damaged(shop->store.get(), *report);
  if (!quarantined) return fail(quarantined.error());
  if (options.drops_quarantine) {
    WriteBatch batch;
    const auto dropped = drop_quarantine(shop->store.get(), batch);
    if (!dropped) return fail(dropped.error());
    if (auto committed = shop->store.get().commit(batch); !committed)
      return fail(committed.error());
    print(stdout, count_of(*dropped, "record") + " erased from the quarantine\n");
  }
  if (!file.moved_aside().empty())
    print(stdout, "the damaged file is kept as " + file.moved_aside() + "\n");
  print(stdout, count_text(taken) + " records salvaged, " + count_text(*quarantined) +
                    " damaged ones in quarantine; the store is whole\n");
  return exit_ok;
}

int buffer_replay_command(const BufferOptions& options) {
  if (options.sink.empty()) {
    print(stderr, "sluice: --sink says where the events are to go\n");
    return exit_usage;
  }
  const auto counts = replay(options);
  if (!counts) return fail(counts.error());
  const auto [chosen, sent] = *counts;
  if (options.tool.is_json) {
    print(stdout,
          "{\"chosen\":" + std::to_string(chosen) + ",\"sent\":" + std::to_string(sent) + "}\n");
  } else if (options.is_dry_run) {
    print(stdout, count_text(chosen) + " events would go to " + options.sink + " again\n");
  } else {
    print(stdout, count_text(sent) + " events wait for " + options.sink + " again\n");
  }
  if (chosen > 0) return exit_ok;
  print(stderr,
        "sluice: the journal holds no such event; [storage.journal] retain says how long it "
        "keeps them\n");
  return exit_failed;
}

int letters_change_command(const BufferOptions& options, bool is_retry) {
  const auto choice = parse_letter_choice(options.letters);
  if (!choice) return fail(choice.error());
  const char* what = is_retry ? "on the way again" : "dropped";
  if (is_live(options)) {
    AdminResponse response;
    const std::string path = is_retry ? "/v1/dead-letters/retry" : "/v1/dead-letters/drop";
    if (const int code = ask(options.tool, {"POST", path, options.letters}, response);
        code != exit_ok)
      return code;
    Arena arena;
    const auto answer = parse_json(response.body, arena);
    if (response.status != 200 || !answer) {
      print(stderr, "sluice: " + response.body);
      return exit_failed;
    }
    return print_change(options, change_of(*answer), what,
                        "cannot go again: the source is gone, or a step made the event");
  }
  auto shop = Workshop::open(options);
  if (!shop) return fail(shop.error());
  WriteBatch batch;
  const auto change = is_retry ? retry_letters(shop->store.get(), batch, shop->codec, shop->head,
                                               shop->store_id, *choice, shop->header())
                               : drop_letters(shop->store.get(), batch, shop->codec, shop->head,
                                              shop->store_id, *choice);
  if (!change) return fail(change.error());
  if (auto committed = shop->commit(batch); !committed) return fail(committed.error());
  return print_change(options, *change, what,
                      "must go through the pipelines again: start the gateway, then retry");
}

}  // namespace sluice
