#include "packaging/ota/update.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "packaging/provisioning/files.h"
#include "packaging/provisioning/program.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr const char* request_file = "request.toml";
// The request that is being carried out or waits for its window, and its bundle: another one may
// come meanwhile, under the same name.
constexpr const char* taken_file = "taken.toml";
constexpr const char* taken_mark = "taken-";  // before the bundle's name
constexpr const char* result_file = "result.txt";

bool is_address(const std::string& bundle) {
  return bundle.starts_with("https://") || bundle.starts_with("http://");
}

// A file that did not exist before: the folder belongs to the service's user, who may have put a
// link there that leads root astray.
Result<int> create(const fs::path& path) {
  unlink(path.c_str());
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0640);
  if (fd < 0) return system_error(ErrorKind::no_space, path.string());
  return fd;  // inherited by curl, on purpose
}

Result<void> copy(const std::string& bundle, int to) {
  const std::string open_file = "/proc/self/fd/" + std::to_string(to);
  if (is_address(bundle)) {
    TRY(output_of({"curl", "--fail", "--silent", "--show-error", "--location", "--output",
                   open_file, "--", bundle}));
    return {};
  }
  std::error_code fault;
  fs::copy_file(bundle, open_file, fs::copy_options::overwrite_existing, fault);
  if (fault) return Error{ErrorKind::bad_input, bundle + ": " + fault.message()};
  return {};
}

// To a name that nobody takes for a whole bundle until it is one.
Result<void> fetch(const std::string& bundle, const fs::path& to) {
  const fs::path part = to.string() + ".part";
  const int fd = TRY(create(part));
  const Result<void> copied = copy(bundle, fd);
  close(fd);
  TRY(Result<void>(copied));
  std::error_code fault;
  fs::rename(part, to, fault);
  if (!fault) return {};
  return Error{ErrorKind::no_space, to.string() + ": " + fault.message()};
}

std::string device_id(const UpdatePlaces& places) {
  const auto text = read_file(places.device_id);
  return text ? text->substr(0, text->find('\n')) : "";
}

Result<UpdateRequest> parse(const std::string& text) {
  Document document = Document::parse(text, request_file);
  return read_request(document);
}

// A link could have root read what its writer may not.
Result<void> check_plain_file(const fs::path& file, const std::string& name) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) return system_error(ErrorKind::bad_input, name);
  if (S_ISREG(status.st_mode)) return {};
  return Error{ErrorKind::bad_input, name + " is no plain file"};
}

// "LastError: ..." when it has one, else all that it said on one line.
std::string reason_of(const ProgramRun& run) {
  constexpr std::string_view mark = "LastError: ";
  std::string said = run.output + run.errors;
  const std::size_t place = said.rfind(mark);
  if (place != std::string::npos) {
    said.erase(0, place + mark.size());
    said.erase(std::min(said.find('\n'), said.size()));
  }
  return printable(said);
}

Result<std::string> read_plain_file(const fs::path& file, const std::string& name) {
  TRY(check_plain_file(file, name));
  return read_file(file);
}

Result<void> install(const fs::path& bundle, const std::string& name) {
  TRY(check_plain_file(bundle, name));
  const ProgramRun run = TRY(run_program({"rauc", "install", bundle.string()}));
  if (run.exit_code == 0) return {};
  return Error{ErrorKind::bad_input, "rauc refuses " + name + ": " + reason_of(run)};
}

fs::path taken_bundle(const UpdatePlaces& places, const std::string& bundle) {
  return places.folder / (taken_mark + bundle);
}

void remove_taken_bundles_but(const fs::path& kept, const UpdatePlaces& places) {
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(places.folder, fault)) {
    if (!entry.path().filename().string().starts_with(taken_mark) || entry.path() == kept) continue;
    fs::remove_all(entry.path(), fault);
  }
}

// A new request takes the place of one that waits. Its bundle first: after a power cut between the
// two it is taken again.
void take_request(const UpdatePlaces& places) {
  const fs::path request = places.folder / request_file;
  std::error_code fault;
  if (!fs::exists(fs::symlink_status(request, fault))) return;
  const auto text = read_plain_file(request, request_file);
  const auto parsed = text ? parse(*text) : text.error();
  if (parsed) {
    const fs::path bundle = taken_bundle(places, parsed->bundle);
    fs::rename(places.folder / parsed->bundle, bundle, fault);
    remove_taken_bundles_but(bundle, places);
  }
  // Also what is no request is taken away: while it is there, systemd starts this again.
  fs::remove_all(places.folder / taken_file, fault);
  fs::rename(request, places.folder / taken_file, fault);
}

void forget_request(const UpdatePlaces& places) {
  std::error_code ignored;
  fs::remove_all(places.folder / taken_file, ignored);
  remove_taken_bundles_but({}, places);
}

// The request is gone before it is tried: one that ends the machine is not tried for ever.
Result<std::string> try_once(const UpdatePlaces& places, const UpdateRequest& request) {
  std::error_code ignored;
  fs::remove(places.folder / taken_file, ignored);
  const Result<void> done = install(taken_bundle(places, request.bundle), request.bundle);
  forget_request(places);
  if (!done) return done.error();
  return std::string(installed) + " " + request.bundle;
}

Result<std::string> judge(const UpdatePlaces& places, std::chrono::sys_seconds now) {
  const auto text = read_plain_file(places.folder / taken_file, request_file);
  const auto request = text ? parse(*text) : text.error();
  if (!request) {
    forget_request(places);
    return request.error();
  }
  switch (decide(*request, device_id(places), now)) {
    case Verdict::wait:
      return "waits for " + request->window + " UTC";
    case Verdict::not_chosen:
      forget_request(places);
      return "this box is not among the " + std::to_string(request->share) + " % that take " +
             request->bundle;
    case Verdict::install:
      break;
  }
  return try_once(places, *request);
}

}  // namespace

Result<void> ask_for_update(const UpdatePlaces& places, const std::string& bundle,
                            UpdateRequest request) {
  request.bundle = fs::path(bundle).filename().string();
  const std::string text = render_request(request);
  TRY(parse(text));  // the rules of the file hold for options, too
  std::error_code fault;
  fs::create_directories(places.folder, fault);
  TRY(fetch(bundle, places.folder / request.bundle));
  return replace_file(places.folder / request_file, text, 0640);
}

Result<std::string> carry_out(const UpdatePlaces& places, std::chrono::sys_seconds now) {
  take_request(places);
  std::error_code none;
  if (!fs::exists(fs::symlink_status(places.folder / taken_file, none))) {
    return std::string("no update is asked for");
  }
  Result<std::string> result = judge(places, now);
  const std::string line = result ? *result : "refused: " + result.error().message;
  TRY(replace_file(places.folder / result_file, line + "\n", 0644));
  return result;
}

}  // namespace sluice
