# sluice_library(NAME SOURCES ... [PUBLIC targets] [PRIVATE targets])
# One library a folder: target sluice_NAME, alias sluice::NAME. Headers are found from the root.
function(sluice_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(sluice_${name} STATIC ${ARG_SOURCES})
  add_library(sluice::${name} ALIAS sluice_${name})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# sluice_test(NAME LABEL label SOURCES ... [LIBRARIES targets])
# A GoogleTest program whose tests ctest runs one process each, under one label.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sluice_flags ${ARG_LIBRARIES} GTest::gmock GTest::gtest_main)
  # Tests of one folder call their fixtures and helpers alike on purpose.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  add_test(NAME ${ARG_LABEL}.${name} COMMAND ${name})
  set_tests_properties(${ARG_LABEL}.${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120)
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
    PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120)
  if(ARG_HOST_ONLY)
    return()
  endif()
  add_test(NAME ${ARG_LABEL}.board.${name}
    COMMAND ${CMAKE_SOURCE_DIR}/firmware-sim/cortex-m/test ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE})
  set_tests_properties(${ARG_LABEL}.board.${name} PROPERTIES LABELS ${ARG_LABEL} SKIP_RETURN_CODE 77 TIMEOUT 120)
endfunction()
