/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitizer.h - whether this build has ASan or TSan: both run a program of their own, and
 * look into the process from outside.
 */
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define WITH_SANITIZER 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define WITH_SANITIZER 1
#    endif
#endif
