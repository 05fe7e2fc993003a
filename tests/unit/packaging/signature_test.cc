#include "packaging/flash/signature.h"

#include <gmock/gmock.h>

#include "tests/unit/packaging/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr std::string_view message = "what is signed\n";

class Signatures : public FolderTest {
 protected:
  // Keys and a signature by minisign itself.
  void sign(const std::vector<std::string>& more = {}) {
    put("file", message);
    run({"minisign", "-G", "-W", "-f", "-p", path("pub"), "-s", path("key")}, "\n\n");
    std::vector<std::string> command{"minisign", "-S",         "-s", path("key"),
                                     "-m",       path("file"), "-t", "sluice 0.1.0"};
    command.insert(command.end(), more.begin(), more.end());
    run(command, "\n");
  }
  PublicKey key() const {
    const auto key = parse_public_key(get("pub"));
    EXPECT_TRUE(key) << error_of(key);
    return key ? *key : PublicKey{};
  }
};

TEST_F(Signatures, What_minisign_signs_is_verified) {
  NEEDS("minisign");
  sign();
  const auto comment = verify_signature(message, get("file.minisig"), key());
  ASSERT_TRUE(comment) << error_of(comment);
  EXPECT_EQ(*comment, "sluice 0.1.0");
  EXPECT_THAT(get("pub"), HasSubstr(key().id_text()));
}

TEST_F(Signatures, Any_changed_byte_of_message_or_signature_is_refused) {
  NEEDS("minisign");
  sign();
  const std::string signature = get("file.minisig");
  EXPECT_THAT(error_of(verify_signature("what is signed!", signature, key())),
              HasSubstr("not of this file"));
  const std::size_t begin = signature.find("comment: signature");  // the first line is untrusted
  for (std::size_t i = signature.find('\n', begin) + 1; i + 1 < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    // The last digit of base64 has bits that mean nothing: decoding gives the same bytes.
    if (changed[i + 1] == '=' || signature[i] == '=' || signature[i] == '\n') continue;
    EXPECT_FALSE(verify_signature(message, changed, key())) << "byte " << i;
  }
}

TEST_F(Signatures, A_changed_trusted_comment_is_refused) {
  NEEDS("minisign");
  sign();
  std::string signature = get("file.minisig");
  signature.replace(signature.find("0.1.0"), 5, "9.9.9");
  EXPECT_THAT(error_of(verify_signature(message, signature, key())), HasSubstr("trusted comment"));
}

TEST_F(Signatures, Another_key_is_named) {
  NEEDS("minisign");
  sign();
  const std::string signature = get("file.minisig");
  const std::string signer = key().id_text();
  sign();
  const std::string error = error_of(verify_signature(message, signature, key()));
  EXPECT_THAT(error, HasSubstr("made with key " + signer));
  EXPECT_THAT(error, HasSubstr("not with " + key().id_text()));
}

TEST_F(Signatures, A_signature_without_prehash_says_how_to_make_a_good_one) {
  NEEDS("minisign");
  sign({"-l"});
  EXPECT_THAT(error_of(verify_signature(message, get("file.minisig"), key())),
              HasSubstr("without prehash"));
}

TEST_F(Signatures, A_key_is_named_as_minisign_does_without_leading_zeros) {
  PublicKey key;
  key.id = {0xB2, 0xC2, 0xEB, 0xEE, 0xBC, 0xB2, 0x06, 0x00};
  EXPECT_EQ(key.id_text(), "6B2BCEEEBC2B2");
  EXPECT_EQ(PublicKey{}.id_text(), "0");
}

TEST_F(Signatures, What_is_none_is_refused) {
  EXPECT_THAT(error_of(verify_signature(message, "", {})), HasSubstr("no minisign signature"));
  EXPECT_THAT(error_of(verify_signature(message, "a\nb\nc\nd\n", {})),
              HasSubstr("no minisign signature"));
  EXPECT_THAT(error_of(parse_public_key("")), HasSubstr("no minisign public key"));
  EXPECT_THAT(error_of(parse_public_key("untrusted comment: x\nAAAA\n")),
              HasSubstr("no minisign public key"));
}

}  // namespace
}  // namespace sluice
