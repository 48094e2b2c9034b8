/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "config/networks.h"

TEST(test_network_parse_takes_addresses_and_networks)
{
    static const struct {
        Str text;
        bool ok;
        int prefix;
    } rows[] = {
        {SI("127.0.0.1"), true, 128},    {SI("10.0.0.0/8"), true, 104},
        {SI("0.0.0.0/0"), true, 96},     {SI("10.0.0.0/32"), true, 128},
        {SI("10.0.0.0/33"), false, 0},   {SI("10.0.0.0/-1"), false, 0},
        {SI("10.0.0.0/"), false, 0},     {SI("10.0.0/8"), false, 0},
        {SI("::1"), true, 128},          {SI("fd00::/8"), true, 8},
        {SI("::/128"), true, 128},       {SI("::/129"), false, 0},
        {SI("unix"), true, 128},         {SI("localhost"), false, 0},
        {SI("127.0.0.1\0/8"), false, 0}, {SI(""), false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct network net = {.prefix = 77};

        T_INT(network_parse(rows[i].text, &net), rows[i].ok);
        T_INT(net.prefix, rows[i].ok ? rows[i].prefix : 77);
    }
}

T_MAIN(T(test_network_parse_takes_addresses_and_networks))
