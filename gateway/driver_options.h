// How the MQTT and CoAP sources are written in TOML: from the tables of a file to the drivers'
// plain configurations.
#pragma once

#include <optional>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "gateway/configuration.h"

namespace sluice {

// Each reads one type of source from its table. Nothing when an option is wrong (reported).
std::optional<MakeSource> read_mqtt_source(TableReader& reader, Diagnostics& diagnostics);
std::optional<MakeSource> read_coap_source(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_mqtt_source(std::string_view type, std::string_view summary);
ComponentDescription describe_coap_source(std::string_view type, std::string_view summary);

}  // namespace sluice
