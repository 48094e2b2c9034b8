/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/url.h"

enum { NEITHER = -1, JSON, XML };

static const Str offers[] = {SI("application/json"), SI("application/xml")};

static void test_accept_choose_follows_rfc_9110(void **state)
{
    static const struct {
        Str accept;
        int want;
    } rows[] = {
  /* absent and empty */
        {SI(""),                                                                              JSON   },
        {SI("  \t"),                                                                          JSON   },
 /* exact names, without case */
        {SI("application/json"),                                                              JSON   },
        {SI("application/xml"),                                                               XML    },
        {SI("Application/XML"),                                                               XML    },
        {SI("text/xml"),                                                                      NEITHER},
        {SI("text/json"),                                                                     NEITHER},
        {SI("application/xhtml+xml"),                                                         NEITHER},
        {SI("application/problem+json"),                                                      NEITHER},
        {SI("application/jso"),                                                               NEITHER},
        {SI("application/jsonx"),                                                             NEITHER},
 /* wildcards */
        {SI("*/*"),                                                                           JSON   },
        {SI("application/*"),                                                                 JSON   },
        {SI("text/*"),                                                                        NEITHER},
        {SI("text/html, */*"),                                                                JSON   },
        {SI("application/j*"),                                                                NEITHER},
 /* ties go to the first offer, whatever the order */
        {SI("application/xml, application/json"),                                             JSON   },
        {SI("application/xml;q=0.5, application/json;q=0.5"),                                 JSON   },
 /* quality */
        {SI("application/json;q=0.5, application/xml"),                                       XML    },
        {SI("application/json;q=0.5, application/xml;q=0.501"),                               XML    },
        {SI("application/json;q=0.9,*/*;q=0.8"),                                              JSON   },
        {SI("text/html,application/xml;q=0.9,*/*;q=0.8"),                                     XML    },
        {SI("application/json;q=0.001"),                                                      JSON   },
        {SI("application/json; Q=0.4 ,application/xml;q=0.3"),                                JSON   },
        {SI("application/json;q=1.000,application/xml;q=1."),                                 JSON   },
        {SI("application/json;q=0.,application/xml"),                                         XML    },
 /* zero forbids */
        {SI("application/json;q=0"),                                                          NEITHER},
        {SI("*/*;q=0"),                                                                       NEITHER},
        {SI("application/json;q=0, */*"),                                                     XML    },
        {SI("*/*, application/json;q=0.000"),                                                 XML    },
        {SI("application/*;q=0, application/xml"),                                            XML    },
        {SI("application/*;q=0, */*"),                                                        NEITHER},
 /* the most specific range decides */
        {SI("application/json;q=0.1, */*;q=0.5"),                                             XML    },
        {SI("application/json;q=0.1, application/*;q=0.5"),                                   XML    },
        {SI("*/*;q=0.1, application/*;q=0, application/xml"),                                 XML    },
        {SI("application/json;charset=utf-8;q=0.1, application/json, application/xml;q=0.5"),
         XML                                                                                         },
        {SI("*/*;charset=utf-8;q=0.1, application/*;q=0.5, application/xml;q=0.2"),           JSON   },
 /* of equals the highest counts */
        {SI("application/json;q=0.1, application/json;q=0.9, application/xml;q=0.5"),
         JSON                                                                                        },
        {SI("application/json;q=0.9, application/json;q=0.1, application/xml;q=0.5"),
         JSON                                                                                        },
 /* parameters */
        {SI("application/json;charset=utf-8"),                                                JSON   },
        {SI("application/xml; Charset=\"UTF-8\""),                                            XML    },
        {SI("application/json;charset=latin1"),                                               NEITHER},
        {SI("application/json;version=2"),                                                    NEITHER},
        {SI("application/json;version=2, application/xml"),                                   XML    },
        {SI("application/json;q=0.5;ext=1, application/xml;q=0.1"),                           XML    },
        {SI("application/json;a=\",application/xml,\""),                                      NEITHER},
        {SI("application/json;a=\"\\\",application/xml,\""),                                  NEITHER},
 /* white space and empty elements */
        {SI(" application/xml\t;\tq=1 "),                                                     XML    },
        {SI(",, ,application/xml, ,"),                                                        XML    },
        {SI("application/xml;"),                                                              XML    },
        {SI("application/xml; ; ;q=0.5;"),                                                    XML    },
 /* malformed: as if not there */
        {SI(","),                                                                             NEITHER},
        {SI("json"),                                                                          NEITHER},
        {SI("/"),                                                                             NEITHER},
        {SI("*/json"),                                                                        NEITHER},
        {SI("*"),                                                                             NEITHER},
        {SI("application/"),                                                                  NEITHER},
        {SI("application /json"),                                                             NEITHER},
        {SI("application/json/xml"),                                                          NEITHER},
        {SI("application/json xml"),                                                          NEITHER},
        {SI("application/json;q"),                                                            NEITHER},
        {SI("application/json;q="),                                                           NEITHER},
        {SI("application/json;q=2"),                                                          NEITHER},
        {SI("application/json;q=1.001"),                                                      NEITHER},
        {SI("application/json;q=0.1234"),                                                     NEITHER},
        {SI("application/json;q=.5"),                                                         NEITHER},
        {SI("application/json;q=-1"),                                                         NEITHER},
        {SI("application/json;q=\"1\""),                                                      NEITHER},
        {SI("application/json;q=0.5;q=0.6"),                                                  NEITHER},
        {SI("application/json;q =1"),                                                         NEITHER},
        {SI("application/json;=1"),                                                           NEITHER},
        {SI("application/json;a=\"b"),                                                        NEITHER},
        {SI("application/json;q=2, application/xml;q=0.1"),                                   XML    },
        {SI("\xFF\x00, application/xml"),                                                     XML    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int got = accept_choose(rows[i].accept, offers, COUNT(offers));

        if (got != rows[i].want) {
            print_error("%.*s\n", (int)rows[i].accept.n, rows[i].accept.p);
        }
        T_INT(got, rows[i].want);
    }
}

static void test_accept_choose_without_offers_finds_none(void **state)
{
    (void)state;
    T_INT(accept_choose(S(""), offers, 0), NEITHER);
    T_INT(accept_choose(S("*/*"), offers, 0), NEITHER);
}

T_MAIN(
    T(test_accept_choose_follows_rfc_9110),
    T(test_accept_choose_without_offers_finds_none))
