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
