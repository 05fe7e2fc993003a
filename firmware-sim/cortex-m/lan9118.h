// The board's Ethernet controller, SMSC LAN9118, by polling. Registers by its data sheet,
// chapter 5.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { lan9118_max_frame = 1518 };

// False: there is no such controller.
bool lan9118_start(const uint8_t mac[6]);
// A frame without its check sequence, padded to 60 bytes. False: no room now.
bool lan9118_send(const uint8_t* frame, size_t size);
// The next frame without its check sequence; 0: none. One that is damaged or does not fit is
// dropped.
size_t lan9118_receive(uint8_t* frame, size_t room);
