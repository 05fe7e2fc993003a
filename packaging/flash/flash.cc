#include "packaging/flash/flash.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "packaging/flash/bmap.h"
#include "packaging/flash/copy.h"
#include "packaging/flash/copy_progress.h"
#include "packaging/flash/disk.h"
#include "packaging/flash/fat_files.h"
#include "packaging/flash/image_reader.h"
#include "packaging/flash/partition_table.h"
#include "packaging/flash/signature.h"
#include "packaging/flash/terminal.h"
#include "packaging/flash/units.h"
#include "packaging/provisioning/files.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

Error refused(const std::string& message) { return Error{ErrorKind::bad_input, message}; }

void say(const char* what, const std::string& text) {
  std::printf("%-11s %s\n", what, text.c_str());
  std::fflush(stdout);
}

std::string describe(const BlockDevice& device) {
  return (device.model.empty() ? "unknown model" : device.model) + ", " + size_text(device.bytes);
}

// image.img.zst.bmap, else image.img.bmap as bmaptool names it; empty: neither.
std::string bmap_path(const std::string& image) {
  for (const std::string& path :
       {image + ".bmap", fs::path(image).replace_extension().string() + ".bmap"}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

Result<void> check_signature(const FlashOptions& options, const std::string& path,
                             const std::string& text) {
  if (options.is_unsigned) {
    say("signature", "NOT CHECKED: anyone may have made or changed this image");
    return {};
  }
  const auto key_text = read_file(options.public_key);
  if (!key_text) return refused("there is no public key: " + key_text.error().message);
  const auto key = parse_public_key(*key_text);
  if (!key) return refused(options.public_key + ": " + key.error().message);
  const std::string signature_path = path + ".minisig";
  const auto signature = read_file(signature_path);
  if (!signature) return refused("the image is not signed: " + signature.error().message);
  const auto comment = verify_signature(text, *signature, *key);
  if (!comment) return refused(signature_path + " is refused: " + comment.error().message);
  say("signature", "good: key " + key->id_text() + ", " + *comment);
  return {};
}

// Nothing when there is no bmap and none is needed, because nobody looks at a signature.
Result<std::optional<Bmap>> load_bmap(const FlashOptions& options) {
  if (!fs::exists(options.image)) return refused("there is no image " + options.image);
  const std::string path = bmap_path(options.image);
  if (path.empty() && !options.is_unsigned) {
    return refused("there is no " + options.image +
                   ".bmap: its signature covers the image. Get it from where the image is from");
  }
  const std::string text = path.empty() ? "" : TRY(read_file(path));
  TRY(check_signature(options, path, text));
  if (path.empty()) return std::optional<Bmap>();
  auto bmap = parse_bmap(text);
  if (!bmap) return refused(path + ": " + bmap.error().message);
  return std::optional<Bmap>(std::move(*bmap));
}

Result<CheckedImage> check(const FlashOptions& options, std::optional<Bmap> bmap,
                           const std::atomic<bool>& stop) {
  const auto image = TRY(ImageReader::open(options.image));
  CopyProgress progress("checking", bmap ? bmap->mapped_bytes() : fs::file_size(options.image));
  CheckedImage checked = TRY(check_image(*image, std::move(bmap), progress, stop));
  say("image", size_text(checked.bmap.image_bytes) + ", " + size_text(checked.bmap.mapped_bytes()) +
                   " of it to write; checksums good");
  return checked;
}

Result<void> confirm(const FlashOptions& options, const BlockDevice& device) {
  say("device", options.device + ": " + describe(device));
  if (options.is_confirmed) return {};
  if (TRY(ask_yes("All data on " + options.device + " will be lost. Write? [y/N] "))) return {};
  return Error{ErrorKind::try_later, "not confirmed"};
}

Result<void> write_and_compare(const FlashOptions& options, const Bmap& bmap, Disk& disk,
                               const std::atomic<bool>& stop) {
  const auto image = TRY(ImageReader::open(options.image));
  {
    CopyProgress progress("writing", bmap.mapped_bytes());
    TRY(write_image(*image, bmap, disk, progress, stop));
    say("written", progress.summary());
  }
  CopyProgress progress("reading back", bmap.mapped_bytes());
  const auto same = read_back(disk, bmap, progress, stop);
  if (!same && same.error().kind == ErrorKind::corrupt) {
    return Error{ErrorKind::corrupt, options.device + ": " + same.error().message};
  }
  TRY(Result<void>(same));
  say("read back", progress.summary() + "; the same");
  return {};
}

Result<void> put_files(const FlashOptions& options, const FatPartition& partition,
                       const std::vector<FatFile>& files, Disk& disk) {
  for (const FatFile& file : files) {
    TRY(put_fat_file(options.device, partition, file));
    TRY(disk.sync());
    if (TRY(get_fat_file(options.device, partition, file.name)) != file.text) {
      return Error{ErrorKind::corrupt, file.name + " reads back differently than it was written"};
    }
    say("configured", file.name + " onto partition " + std::to_string(partition.number));
  }
  return {};
}

// What is known before anything is written.
struct Plan {
  Bmap bmap;
  std::vector<FatFile> files;
  FatPartition partition;  // when there are files
};

Result<Plan> plan_and_ask(const FlashOptions& options, const std::atomic<bool>& stop) {
  std::optional<Bmap> bmap = TRY(load_bmap(options));
  Plan plan;
  if (!options.prepare.is_empty()) {
    TRY(check_fat_tools());
    plan.files = TRY(prepare_files(options.prepare));
  }
  TRY(choose_target(options.machine, options.device, bmap ? bmap->image_bytes : 0));
  CheckedImage image = TRY(check(options, std::move(bmap), stop));
  if (!plan.files.empty()) plan.partition = TRY(find_fat_partition(image.head));
  plan.bmap = std::move(image.bmap);
  // Again: somebody may have mounted it meanwhile, and without a bmap the size was not known.
  const BlockDevice device =
      TRY(choose_target(options.machine, options.device, plan.bmap.image_bytes));
  TRY(confirm(options, device));
  return plan;
}

Result<void> carry_out(const FlashOptions& options, const Plan& plan, Disk& disk,
                       const std::atomic<bool>& stop) {
  TRY(write_and_compare(options, plan.bmap, disk, stop));
  return put_files(options, plan.partition, plan.files, disk);
}

Error with_outcome(const Error& error, const std::string& outcome) {
  return Error{error.kind, error.message + "\n" + outcome};
}

}  // namespace

Result<void> flash(const FlashOptions& options, const std::atomic<bool>& stop) {
  constexpr const char* untouched = "Nothing was written.";
  const auto plan = plan_and_ask(options, stop);
  if (!plan) return with_outcome(plan.error(), untouched);
  const auto disk = open_disk(options.device);
  if (!disk) return with_outcome(disk.error(), untouched);
  const auto done = carry_out(options, *plan, **disk, stop);
  if (!done) {
    return with_outcome(done.error(), options.device +
                                          " is incomplete and must not be used: its old content "
                                          "is gone, too. Run sluice-flash again.");
  }
  say("ready", options.device + " can be taken out");
  return {};
}

std::string list_devices(const Machine& machine) {
  const std::vector<BlockDevice> devices = removable_devices(machine);
  if (devices.empty()) return "There is no removable disk. Put one in and try again.\n";
  std::string text = "Removable disks:\n";
  for (const BlockDevice& device : devices) {
    text += "  /dev/" + device.name + "  " + describe(device);
    if (!device.mounted_at.empty()) text += ", mounted at " + device.mounted_at.front();
    if (device.is_write_protected) text += ", write-protected";
    text += "\n";
  }
  return text;
}

}  // namespace sluice
