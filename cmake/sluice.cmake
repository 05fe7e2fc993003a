# sluice_library(NAME SOURCES ... [PUBLIC targets] [PRIVATE targets])
# One library a folder: target sluice_NAME, alias sluice::NAME. Headers are found from the root.
function(sluice_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(sluice_${name} STATIC ${ARG_SOURCES})
  add_library(sluice::${name} ALIAS sluice_${name})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# sluice_module(NAME SOURCES ... LIBRARIES targets)
# A part that the program loads when it is needed (core/module.h): lib/sluice/NAME.so beside bin/, with its
# own copy of the libraries below it. The target modules builds all of them.
add_custom_target(modules)
function(sluice_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(sluice_module_${name} MODULE ${ARG_SOURCES})
  target_link_libraries(sluice_module_${name} PRIVATE sluice_flags ${ARG_LIBRARIES})
  target_compile_definitions(sluice_module_${name} PRIVATE SLUICE_VERSION="${PROJECT_VERSION}")
  target_link_options(sluice_module_${name} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/module.map)
  if(NOT SLUICE_SANITIZE)
    target_link_options(sluice_module_${name} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(sluice_module_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/sluice)
  install(TARGETS sluice_module_${name} LIBRARY DESTINATION lib/sluice)
  add_dependencies(modules sluice_module_${name})
endfunction()

# An emulated processor is slow.
if(CMAKE_CROSSCOMPILING)
  set(SLUICE_TEST_SECONDS 900)
else()
  set(SLUICE_TEST_SECONDS 120)
endif()

# What most tests include is read once, by the first of them. Not in the dev build, where a missing include is an error.
function(sluice_precompile_test_headers name)
  get_property(first GLOBAL PROPERTY SLUICE_FIRST_TEST)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
  else()
    set_property(GLOBAL PROPERTY SLUICE_FIRST_TEST ${name})
    target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm> <chrono> <filesystem> <fstream>
      <functional> <map> <memory> <optional> <random> <set> <string> <string_view> <vector>)
  endif()
endfunction()

# sluice_test(NAME LABEL label SOURCES ... [LIBRARIES targets])
# A GoogleTest program whose tests ctest runs one process each, under one label.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  # What is tested is optimised as it is shipped; the tests themselves are compiled more often than they run.
  target_compile_options(${name} PRIVATE -O1)
  if(CMAKE_UNITY_BUILD)
    sluice_precompile_test_headers(${name})
  endif()
  # Tests of one folder call their fixtures and helpers alike on purpose.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  add_test(NAME ${ARG_LABEL}.${name} COMMAND ${name})
  set_tests_properties(${ARG_LABEL}.${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${SLUICE_TEST_SECONDS})
endfunction()

# sluice_c_test(NAME LABEL label SOURCE file.c [LIBRARIES targets] [HOST_ONLY])
# A C test program (firmware-sim/unity/unity.h). On the host each RUN_TEST is a test of GoogleTest and
# of ctest, LABEL.suite.name; where the tools are, the same source runs on the emulated board as well,
# as LABEL.board.NAME, unless HOST_ONLY. The target c_tests builds all of them.
function(sluice_c_test name)
  cmake_parse_arguments(ARG "HOST_ONLY" "LABEL;SOURCE" "LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCE})
  set_source_files_properties(${ARG_SOURCE} PROPERTIES COMPILE_DEFINITIONS main=unity_test_main)
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_LIBRARIES} sluice::unity)
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF C_EXTENSIONS OFF)
  if(NOT TARGET c_tests)
    add_custom_target(c_tests)
  endif()
  add_dependencies(c_tests ${name})
  gtest_discover_tests(${name} TEST_PREFIX ${ARG_LABEL}. DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${SLUICE_TEST_SECONDS})
  if(ARG_HOST_ONLY)
    return()
  endif()
  add_test(NAME ${ARG_LABEL}.board.${name}
    COMMAND ${CMAKE_SOURCE_DIR}/firmware-sim/cortex-m/test ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE})
  set_tests_properties(${ARG_LABEL}.board.${name} PROPERTIES LABELS ${ARG_LABEL} SKIP_RETURN_CODE 77 TIMEOUT ${SLUICE_TEST_SECONDS})
endfunction()
