/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml.h - the XML back end of the writer. Private to render/.
 */
#pragma once

struct writer_backend;

extern const struct writer_backend writer_xml;
