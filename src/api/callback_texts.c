/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback_texts.c - a row for each text, a column for each language.
 *
 * All address the person formally. Portuguese is written so that it is right on both
 * sides of the Atlantic. A no-break space stands before the colon in French.
 */
#include "api/callback_texts.h"

#define LANGUAGES(en, de, fr, es, it, pt, nl)                                            \
    {                                                                                    \
        [LANGUAGE_EN] = SI(en), [LANGUAGE_DE] = SI(de), [LANGUAGE_FR] = SI(fr),          \
        [LANGUAGE_ES] = SI(es), [LANGUAGE_IT] = SI(it), [LANGUAGE_PT] = SI(pt),          \
        [LANGUAGE_NL] = SI(nl),                                                          \
    }

const Str callback_texts_languages[LANGUAGE_COUNT] =
    LANGUAGES("en", "de", "fr", "es", "it", "pt", "nl");

/* clang-format off */
static const Str callback_texts[TEXT_COUNT][LANGUAGE_COUNT] = {
    [TEXT_FAULT_TITLE] = LANGUAGES(
        "Something went wrong",
        "Etwas ist schiefgegangen",
        "Un problème est survenu",
        "Se ha producido un error",
        "Qualcosa è andato storto",
        "Ocorreu um erro",
        "Er is iets misgegaan"),
    [TEXT_FAULT] = LANGUAGES(
        "The fault is ours, not yours. Your calendar was not connected.",
        "Der Fehler liegt bei uns, nicht bei Ihnen. Ihr Kalender wurde nicht verbunden.",
        "L’erreur vient de notre côté, pas du vôtre. Votre calendrier n’a pas été connecté.",
        "El fallo es nuestro, no suyo. Su calendario no se ha conectado.",
        "Il problema è nostro, non Suo. Il Suo calendario non è stato collegato.",
        "A falha é nossa, não sua. O seu calendário não foi conectado.",
        "De fout ligt bij ons, niet bij u. Uw agenda is niet gekoppeld."),
    [TEXT_LINK_TITLE] = LANGUAGES(
        "This link cannot be used",
        "Dieser Link kann nicht verwendet werden",
        "Ce lien ne peut pas être utilisé",
        "Este enlace no se puede usar",
        "Questo link non può essere utilizzato",
        "Este link não pode ser usado",
        "Deze link kan niet worden gebruikt"),
    [TEXT_LINK] = LANGUAGES(
        "It is incomplete, was altered, or belongs to a connection that is no longer there. "
        "Your calendar was not connected.",
        "Er ist unvollständig, wurde verändert oder gehört zu einer Verbindung, die es nicht "
        "mehr gibt. Ihr Kalender wurde nicht verbunden.",
        "Il est incomplet, a été modifié ou correspond à une connexion qui n’existe plus. "
        "Votre calendrier n’a pas été connecté.",
        "Está incompleto, se ha modificado o pertenece a una conexión que ya no existe. "
        "Su calendario no se ha conectado.",
        "È incompleto, è stato modificato o appartiene a un collegamento che non esiste più. "
        "Il Suo calendario non è stato collegato.",
        "Está incompleto, foi alterado ou pertence a uma conexão que já não existe. "
        "O seu calendário não foi conectado.",
        "De link is onvolledig, is gewijzigd of hoort bij een koppeling die niet meer bestaat. "
        "Uw agenda is niet gekoppeld."),
    [TEXT_COOKIES_TITLE] = LANGUAGES(
        "Your browser sent too much",
        "Ihr Browser hat zu viele Daten gesendet",
        "Votre navigateur a envoyé trop de données",
        "Su navegador ha enviado demasiados datos",
        "Il Suo browser ha inviato troppi dati",
        "O seu navegador enviou dados em excesso",
        "Uw browser heeft te veel gegevens verzonden"),
    [TEXT_COOKIES] = LANGUAGES(
        "It has stored too many cookies for this site. Nothing is lost.",
        "Er hat zu viele Cookies für diese Website gespeichert. Es ist nichts verloren gegangen.",
        "Il a enregistré trop de cookies pour ce site. Rien n’est perdu.",
        "Ha guardado demasiadas cookies de este sitio. No se ha perdido nada.",
        "Ha memorizzato troppi cookie per questo sito. Nulla è andato perso.",
        "O navegador guardou cookies em excesso para este site. Nada se perdeu.",
        "De browser heeft te veel cookies van deze site opgeslagen. Er is niets verloren gegaan."),
    [TEXT_COOKIES_TO_DO] = LANGUAGES(
        "Clear this site's cookies in your browser, and reload this page. If that does not help:",
        "Löschen Sie die Cookies dieser Website in Ihrem Browser und laden Sie diese Seite neu. "
        "Falls das nicht hilft:",
        "Supprimez les cookies de ce site dans votre navigateur, puis rechargez cette page. "
        "Si cela ne suffit pas\u00a0:",
        "Borre las cookies de este sitio en su navegador y vuelva a cargar esta página. "
        "Si no funciona:",
        "Cancelli i cookie di questo sito nel browser e ricarichi la pagina. Se non basta:",
        "Apague os cookies deste site no navegador e recarregue esta página. "
        "Se isso não ajudar:",
        "Verwijder de cookies van deze site in uw browser en laad deze pagina opnieuw. "
        "Als dat niet helpt:"),
    [TEXT_LATER_TITLE] = LANGUAGES(
        "One moment, please",
        "Einen Moment bitte",
        "Un instant, s’il vous plaît",
        "Un momento, por favor",
        "Un momento, per favore",
        "Um momento, por favor",
        "Een ogenblik geduld"),
    [TEXT_LATER] = LANGUAGES(
        "This cannot be done right now. Nothing is lost.",
        "Das ist im Augenblick nicht möglich. Es ist nichts verloren gegangen.",
        "Cette opération est impossible pour le moment. Rien n’est perdu.",
        "Esto no se puede hacer en este momento. No se ha perdido nada.",
        "L’operazione non è possibile in questo momento. Nulla è andato perso.",
        "Não é possível fazer isso neste momento. Nada se perdeu.",
        "Dit is op dit moment niet mogelijk. Er is niets verloren gegaan."),
    [TEXT_LATER_TO_DO] = LANGUAGES(
        "Wait a few seconds and reload this page.",
        "Warten Sie einige Sekunden und laden Sie diese Seite neu.",
        "Patientez quelques secondes, puis rechargez cette page.",
        "Espere unos segundos y vuelva a cargar esta página.",
        "Attenda qualche secondo e ricarichi la pagina.",
        "Aguarde alguns segundos e recarregue esta página.",
        "Wacht een paar seconden en laad deze pagina opnieuw."),
    [TEXT_GO_BACK] = LANGUAGES(
        "Go back to the application that you came from and connect your calendar again.",
        "Kehren Sie zu der Anwendung zurück, aus der Sie kommen, und verbinden Sie Ihren "
        "Kalender erneut.",
        "Retournez à l’application que vous utilisiez et connectez à nouveau votre calendrier.",
        "Vuelva a la aplicación de la que viene y conecte su calendario de nuevo.",
        "Torni all’applicazione da cui proviene e colleghi di nuovo il Suo calendario.",
        "Volte à aplicação de onde veio e conecte novamente o seu calendário.",
        "Ga terug naar de toepassing waar u vandaan komt en koppel uw agenda opnieuw."),
    [TEXT_GO_BACK_TO] = LANGUAGES(
        "Go back to {} and connect your calendar again.",
        "Kehren Sie zu {} zurück und verbinden Sie Ihren Kalender erneut.",
        "Retournez à {} et connectez à nouveau votre calendrier.",
        "Vuelva a {} y conecte su calendario de nuevo.",
        "Torni a {} e colleghi di nuovo il Suo calendario.",
        "Volte a {} e conecte novamente o seu calendário.",
        "Ga terug naar {} en koppel uw agenda opnieuw."),
    [TEXT_NUMBER] = LANGUAGES(
        "If you ask for help, say this number:",
        "Wenn Sie um Hilfe bitten, nennen Sie diese Nummer:",
        "Si vous demandez de l’aide, indiquez ce numéro\u00a0:",
        "Si pide ayuda, indique este número:",
        "Se chiede aiuto, comunichi questo numero:",
        "Se pedir ajuda, informe este número:",
        "Als u om hulp vraagt, noem dan dit nummer:"),
};

/* clang-format on */

Str callback_texts_get(enum callback_text text, enum callback_language language)
{
    return callback_texts[text][language];
}
