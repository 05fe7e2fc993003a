#include "config/completion.h"

#include <vector>

namespace sluice {
namespace {

struct Word {
  std::string text;
  std::string help;
  bool is_option = false;
};

// What may follow a command: its sub-commands and options.
struct Place {
  std::string path;  // "sluice buffer peek"
  std::vector<Word> words;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void collect(const CLI::App& command, const std::string& path, std::vector<Place>& places) {
  Place place{path, {}};
  const auto subcommands = command.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* subcommand : subcommands)
    place.words.push_back({subcommand->get_name(), first_line(subcommand->get_description())});
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    for (const std::string& name : option->get_lnames())
      place.words.push_back({"--" + name, first_line(option->get_description()), true});
  }
  places.push_back(std::move(place));
  for (const CLI::App* subcommand : subcommands)
    collect(*subcommand, path + " " + subcommand->get_name(), places);
}

// For a shell: within single quotes, where `quote` stands for one.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quote;
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

std::string function_name(std::string program) {
  for (char& c : program) {
    if (c == '-') c = '_';
  }
  return "_" + program;
}

// Shell code that follows the words before the cursor as far as they are commands; it leaves the
// place in $place. `words` is how the shell calls those words.
std::string find_place(const std::vector<Place>& places, std::string_view words) {
  if (places.size() == 1) return "  local place=" + quoted(places[0].path, "'\\''") + "\n";
  std::string out = "  local place=" + quoted(places[0].path, "'\\''") + " word\n  for word in " +
                    std::string(words) + "; do\n    case \"$place $word\" in\n      ";
  for (std::size_t i = 1; i < places.size(); ++i)
    out += (i > 1 ? " | " : "") + quoted(places[i].path, "'\\''");
  return out + ") place=\"$place $word\" ;;\n    esac\n  done\n";
}

std::string bash_script(const std::string& program, const std::vector<Place>& places) {
  const std::string function = function_name(program);
  std::string out = function + "() {\n" +
                    find_place(places, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"") +
                    "  local words=\n  case $place in\n";
  for (const Place& place : places) {
    std::string words;
    for (const Word& word : place.words) words += (words.empty() ? "" : " ") + word.text;
    out += "    " + quoted(place.path, "'\\''") + ") words=" + quoted(words, "'\\''") + " ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F " +
         function + " " + program + "\n";
}

std::string zsh_script(const std::string& program, const std::vector<Place>& places) {
  const std::string function = function_name(program);
  std::string out = "#compdef " + program + "\n" + function + "() {\n" +
                    find_place(places, "${words[2,CURRENT-1]}") +
                    "  local -a found\n  case $place in\n";
  for (const Place& place : places) {
    out += "    " + quoted(place.path, "'\\''") + ") found=(";
    for (const Word& word : place.words)
      out += "\n      " + quoted(word.text + ":" + word.help, "'\\''");
    out += ") ;;\n";
  }
  return out + "  esac\n  _describe " + program + " found\n  _files\n}\n" + function + " \"$@\"\n";
}

std::string fish_script(const std::string& program, const std::vector<Place>& places) {
  const std::string function = "_" + function_name(program) + "_place";
  std::string out = "function " + function + "\n  set -l place " + quoted(places[0].path, "\\'") +
                    "\n  for word in (commandline -opc)[2..]\n    switch \"$place $word\"\n"
                    "      case";
  for (std::size_t i = 1; i < places.size(); ++i) out += " " + quoted(places[i].path, "\\'");
  out +=
      "\n        set place \"$place $word\"\n    end\n  end\n  test \"$place\" = \"$argv\"\nend\n";
  for (const Place& place : places) {
    for (const Word& word : place.words) {
      out += "complete -c " + program + " -n " + quoted(function + " " + place.path, "\\'") +
             (word.is_option ? " -l " + word.text.substr(2) : " -a " + word.text) + " -d " +
             quoted(word.help, "\\'") + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CLI::App& program, std::string_view shell) {
  const std::string& name = program.get_name();
  std::vector<Place> places;
  collect(program, name, places);
  if (shell == "bash") return bash_script(name, places);
  if (shell == "zsh") return zsh_script(name, places);
  if (shell == "fish") return fish_script(name, places);
  return {};
}

}  // namespace sluice
