#include "gateway/configuration.h"

#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "config/nearest.h"
#include "config/table_reader.h"
#include "drivers/codecs/decoder_factory.h"
#include "gateway/catalog.h"
#include "gateway/common_options.h"
#include "gateway/missing_module.h"
#include "pipelines/tables/table_view.h"
#include "storage/encryption_module.h"

namespace sluice {
namespace {

std::string environment_path(const char* variable, std::string_view file,
                             std::string_view otherwise) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::string(otherwise);
  // systemd gives several directories separated by ':'; the first is ours.
  std::string path(value);
  path = path.substr(0, path.find(':'));
  return file.empty() ? path : path + "/" + std::string(file);
}

template <typename Type>
std::vector<std::string_view> names_of(std::span<const Type> types) {
  std::vector<std::string_view> names;
  for (const Type& type : types) names.push_back(type.type);
  return names;
}

// Compiles an expression of the file; a fault is reported at its place in the line.
std::optional<Expression> compile(const ExpressionText& text, Diagnostics& diagnostics) {
  auto compiled = Expression::compile(text.text());
  if (auto* expression = std::get_if<Expression>(&compiled)) return std::move(*expression);
  for (const ExpressionError& error : std::get<std::vector<ExpressionError>>(compiled)) {
    diagnostics.error(text.position_of(error.offset), text.path(), error.message);
  }
  return std::nullopt;
}

void compile_optional(const std::optional<ExpressionText>& text, std::optional<Expression>& into,
                      Diagnostics& diagnostics) {
  if (text) into = compile(*text, diagnostics);
}

std::unique_ptr<Decoder> read_decoder(const TypedTable& decode, const RawTable& source,
                                      Diagnostics& diagnostics) {
  DecoderSection section;
  if (decode.table && decode.table.node().is_table()) {
    TableReader reader(decode.table, diagnostics);
    reader.accept("type");
    reader.read(section);
    if (!reader.finish()) return nullptr;
  }
  auto decoder = make_decoder(decode.type, {section.array, section.events, section.names});
  if (decoder) return std::move(*decoder);
  const RawTable& where = decode.table ? decode.table : source;
  diagnostics.error(where.position(), where.path(), decoder.error().message);
  return nullptr;
}

std::optional<SourcePlan> read_source(const std::string& name, const RawTable& table,
                                      Diagnostics& diagnostics) {
  const auto types = names_of(source_types());
  const auto type = choose_type(table, types, diagnostics);
  if (!type) return std::nullopt;
  TableReader reader(table, diagnostics);
  reader.accept("type");
  SourceSection section;
  reader.read(section);
  auto make = source_types()[*type].read(reader, diagnostics);
  SourcePlan plan;
  plan.name = name;
  plan.type = types[*type];
  plan.watermark.out_of_order = section.watermark.out_of_order;
  plan.watermark.idle_timeout = section.watermark.idle_timeout;
  plan.watermark.max_ahead = section.watermark.max_ahead;
  plan.watermark.idle_advance = section.watermark.idle_advance;
  plan.decoder = read_decoder(section.decode, table, diagnostics);
  compile_optional(section.event.id, plan.mapping.id, diagnostics);
  compile_optional(section.event.type, plan.mapping.type, diagnostics);
  compile_optional(section.event.subject, plan.mapping.subject, diagnostics);
  compile_optional(section.event.time, plan.mapping.time, diagnostics);
  plan.watermark.is_arrival =
      !plan.mapping.time && plan.decoder != nullptr && !plan.decoder->brings_time();
  if (!reader.finish() || !make) return std::nullopt;
  plan.make = std::move(*make);
  return plan;
}

std::optional<SinkPlan> read_sink(const std::string& name, const RawTable& table,
                                  Diagnostics& diagnostics) {
  const auto types = names_of(sink_types());
  const auto type = choose_type(table, types, diagnostics);
  if (!type) return std::nullopt;
  TableReader reader(table, diagnostics);
  reader.accept("type");
  SinkSection section;
  reader.read(section);
  auto make = sink_types()[*type].read(reader, diagnostics);
  SinkPlan plan;
  plan.name = name;
  plan.type = types[*type];
  plan.batch.max_events = static_cast<std::uint64_t>(section.batch.max_events);
  plan.batch.max_bytes = section.batch.max_bytes.bytes();
  plan.batch.max_age = section.batch.max_age;
  plan.batch.frame = section.format == BatchFormat::ndjson ? Frame::ndjson : Frame::batch;
  plan.batch.compress = section.compression == Compression::zstd;
  plan.retention.when_full = section.when_full;
  plan.retention.max_age = section.max_age;
  for (const SummarySection& level : section.summarise)
    plan.retention.levels.push_back({level.window, level.older_than});
  std::ranges::stable_sort(plan.retention.levels, {}, &SummaryLevel::older_than);
  if (!reader.finish() || !make) return std::nullopt;
  plan.make = std::move(*make);
  return plan;
}

// A step's identity hash: the text of its own table.
std::uint64_t hash_node(const Node& node) {
  std::string text = node.name + "=";
  switch (node.kind) {
    case Node::Kind::boolean:
      text += node.boolean ? "true" : "false";
      break;
    case Node::Kind::integer:
      text += std::to_string(node.integer);
      break;
    case Node::Kind::number:
      append_number(text, node.number);
      break;
    case Node::Kind::string:
    case Node::Kind::time:
      text += node.text;
      break;
    case Node::Kind::array:
    case Node::Kind::table:
      for (const auto& child : node.children) text += std::to_string(hash_node(*child)) + ",";
      break;
  }
  return XXH3_64bits(text.data(), text.size());
}

std::optional<StepSetup> read_step(const RawTable& table, std::map<std::string, int>& ordinals,
                                   NamedFiles& files, Diagnostics& diagnostics) {
  std::vector<std::string_view> keys;
  for (const StepType& type : step_types()) keys.push_back(type.key);
  const auto chosen = choose_by_key(table, keys, "step", diagnostics);
  if (!chosen) return std::nullopt;
  const StepType& type = step_types()[*chosen];
  TableReader reader(table, diagnostics);
  StepSection section;
  reader.read(section);
  StepSetup setup;
  setup.kind = type.key;
  const std::string by_default = setup.kind + "#" + std::to_string(++ordinals[setup.kind]);
  setup.name = section.name.empty() ? by_default : section.name;
  setup.config_hash = hash_node(table.node());
  setup.on_error = section.on_error;
  setup.step = type.read(reader, diagnostics, files);
  if (!reader.finish() || setup.step == nullptr) return std::nullopt;
  return setup;
}

std::optional<PipelineSetup> read_pipeline(const std::string& name, const RawTable& table,
                                           NamedFiles& files, Diagnostics& diagnostics) {
  PipelineSection section;
  PipelineSetup setup;
  bool is_good = read_table(table, section, diagnostics);
  setup.name = name;
  setup.lane = static_cast<std::uint8_t>(section.priority);
  for (const LocatedText& input : section.from) setup.from.push_back(input.text());
  for (const LocatedText& sink : section.to) setup.to.push_back(sink.text());
  std::map<std::string, int> ordinals;
  std::set<std::string> step_names;
  for (const RawTable& step_table : section.steps) {
    auto step = read_step(step_table, ordinals, files, diagnostics);
    if (!step) {
      is_good = false;
      continue;
    }
    if (!step_names.insert(step->name).second) {
      diagnostics.error(step_table.position(), step_table.path(),
                        "another step of this pipeline is called '" + step->name + "' already");
    }
    setup.steps.push_back(std::move(*step));
  }
  if (!is_good) return std::nullopt;
  return setup;
}

// Every name in from and to must be there.
void check_names(const std::map<std::string, RawTable>& pipelines,
                 const std::vector<std::string>& inputs, const std::vector<std::string>& sink_names,
                 Diagnostics& diagnostics) {
  const auto check = [&](const LocatedText& name, const std::vector<std::string>& known,
                         std::string_view what) {
    const std::string head = name.text().substr(0, name.text().find('.'));
    if (std::ranges::find(known, what == "sink" ? name.text() : head) != known.end()) return;
    std::vector<std::string_view> views(known.begin(), known.end());
    diagnostics.error(name.position(), name.path(),
                      "there is no " + std::string(what) + " '" + name.text() + "'" +
                          suggestion(name.text(), views));
  };
  for (const auto& [name, table] : pipelines) {
    PipelineSection section;
    Diagnostics already_reported("", "");
    read_table(table, section, already_reported);
    for (const LocatedText& input : section.from) check(input, inputs, "source or pipeline");
    for (const LocatedText& sink : section.to) check(sink, sink_names, "sink");
  }
}

// A view is asked for by its name alone.
void check_views(const std::map<std::string, RawTable>& tables,
                 const std::vector<PipelineSetup>& pipelines, Diagnostics& diagnostics) {
  std::map<std::string, std::string> known;  // name to pipeline
  for (const PipelineSetup& pipeline : pipelines) {
    for (const StepSetup& step : pipeline.steps) {
      const TableView* view = step.step->view();
      if (view == nullptr) continue;
      const auto [other, is_new] = known.emplace(view->view_name(), pipeline.name);
      if (is_new) continue;
      const RawTable& table = tables.at(pipeline.name);
      diagnostics.error(table.position(), table.path(),
                        "the view '" + view->view_name() + "' of step " + step.name +
                            " has the same name as one of pipeline " + other->second +
                            "; each view needs its own");
    }
  }
}

}  // namespace

std::string StorageSection::resolved_path() const {
  return path.empty() ? environment_path("STATE_DIRECTORY", "", "/var/lib/sluice") : path;
}

Result<std::uint64_t> parse_bytes_per_day(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view per = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  const auto size = parse_byte_size(text.substr(0, slash));
  if (!size || (per != "day" && per != "hour"))
    return Error{ErrorKind::bad_config,
                 "'" + std::string(text) + "' must be a size a day, such as \"5GiB/day\""};
  return size->bytes() * (per == "hour" ? 24 : 1);
}

std::uint64_t StorageSection::flash_budget_per_day() const {
  const auto bytes = parse_bytes_per_day(flash_budget);
  return bytes ? *bytes : 0;  // it was checked when it was read
}

std::string AdminSection::resolved_socket() const {
  return socket.empty()
             ? environment_path("RUNTIME_DIRECTORY", "admin.sock", "/run/sluice/admin.sock")
             : socket;
}

std::optional<Configuration> read_configuration(Document& document) {
  return read_configuration(document, NamedFiles::beside(document.file_name()));
}

std::optional<Configuration> read_configuration(Document& document, NamedFiles files) {
  Diagnostics& diagnostics = document.diagnostics();
  if (diagnostics.has_errors()) return std::nullopt;
  RootSection root;
  read_table(document.root(), root, diagnostics);
  const ExpressionBudget budget(root.gateway.expression_budget);
  Configuration configuration;
  configuration.gateway = root.gateway;
  configuration.storage = root.storage;
  configuration.admin = root.admin;
  configuration.log = root.log;
  if (root.storage.encryption.key.is_set()) {
    const Node* storage = document.root().node().find("storage");
    warn_if_missing(EncryptionModule::name, RawTable(*storage->find("encryption")), diagnostics);
  }
  std::vector<std::string> inputs;
  std::vector<std::string> sinks;
  for (const auto& [name, table] : root.sources) {
    inputs.push_back(name);
    if (auto plan = read_source(name, table, diagnostics))
      configuration.sources.push_back(std::move(*plan));
  }
  for (const auto& [name, table] : root.sinks) {
    sinks.push_back(name);
    if (auto plan = read_sink(name, table, diagnostics))
      configuration.sinks.push_back(std::move(*plan));
  }
  for (const auto& [name, table] : root.pipelines) {
    if (root.sources.contains(name)) {
      diagnostics.error(table.position(), table.path(),
                        "a source has the same name: `from` could mean either");
    }
    inputs.push_back(name);
    if (auto setup = read_pipeline(name, table, files, diagnostics))
      configuration.pipelines.push_back(std::move(*setup));
  }
  check_names(root.pipelines, inputs, sinks, diagnostics);
  check_views(root.pipelines, configuration.pipelines, diagnostics);
  if (root.pipelines.empty()) {
    diagnostics.error({1, 1}, "", "there is no [pipelines.NAME]: nothing would be forwarded");
  }
  if (diagnostics.has_errors()) return std::nullopt;
  configuration.text = document.text();
  configuration.file_name = document.file_name();
  configuration.files = files.files();
  return configuration;
}

BoxSections read_box_sections(const std::string& file_name) {
  const auto document = Document::load(file_name);
  if (!document) return {};
  RootSection root;
  Diagnostics elsewhere("", "");  // reported by read_configuration()
  // A value out of bounds is read all the same: such a size must not fill the store.
  if (!TableReader(document->root(), elsewhere).read(root))
    root.storage.max_size = StorageSection{}.max_size;
  return {root.storage, root.admin};
}

std::optional<Configuration> read_configuration_text(std::string_view text,
                                                     const std::string& file_name,
                                                     std::string& diagnostics, bool with_source) {
  return read_configuration_text(text, file_name, NamedFiles::beside(file_name), diagnostics,
                                 with_source);
}

std::optional<Configuration> read_configuration_text(std::string_view text,
                                                     const std::string& file_name, NamedFiles files,
                                                     std::string& diagnostics, bool with_source) {
  Document document = Document::parse(text, file_name);
  auto configuration = read_configuration(document, std::move(files));
  diagnostics =
      with_source ? document.diagnostics().all_with_source() : document.diagnostics().all_lines();
  return configuration;
}

}  // namespace sluice
