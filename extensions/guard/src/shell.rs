//! Takes a command line apart into simple commands, as a POSIX shell would, without running or expanding anything.
//!
//! Quotes are removed; what stands in `$(…)` and backquotes is taken apart as well, also inside of double quotes;
//! redirections and comments are dropped. The lines of a here-document count as commands, since a shell may read them.

use std::iter::Peekable;
use std::str::Chars;

/// How deep substitutions may be nested; a shell script that people write stays far below.
const MAX_DEPTH: usize = 16;

/// The simple commands in a text, each as its words; none when substitutions are nested deeper than can be followed.
#[must_use]
pub fn commands(text: &str) -> Option<Vec<Vec<String>>> {
    let mut parser = Parser::new(text);
    parser.parse(0);
    (!parser.too_deep).then_some(parser.found)
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    found: Vec<Vec<String>>,
    words: Vec<String>,
    word: Option<String>,
    /// The next word is a redirection's target.
    redirected: bool,
    too_deep: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
            found: Vec::new(),
            words: Vec::new(),
            word: None,
            redirected: false,
            too_deep: false,
        }
    }

    fn parse(&mut self, depth: usize) {
        while let Some(character) = self.rest.next() {
            match character {
                ' ' | '\t' | '\r' => self.end_word(),
                '\n' | ';' | '|' | '&' | '(' | ')' => self.end_command(),
                '#' if self.word.is_none() => self.skip_comment(),
                '<' | '>' => self.redirection(),
                '\'' => self.single_quoted(),
                '"' => self.double_quoted(depth),
                '`' => self.backquoted(depth),
                '$' => self.dollar(depth),
                '\\' => self.escaped(),
                other => self.push(other),
            }
        }
        self.end_command();
    }

    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.redirected)
        {
            self.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        if !self.words.is_empty() {
            self.found.push(std::mem::take(&mut self.words));
        }
    }

    fn skip_comment(&mut self) {
        while self.rest.next_if(|character| *character != '\n').is_some() {}
    }

    /// `>`, `>>`, `>&`, `>|`, `<`, `<<`, `<&`: the file descriptor before it belongs to it, the word after is its target.
    fn redirection(&mut self) {
        if self.word.as_ref().is_some_and(|word| word.chars().all(|character| character.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        while self.rest.next_if(|character| matches!(character, '<' | '>' | '&' | '|' | '-')).is_some() {}
        if self.rest.peek() != Some(&'(') {
            self.redirected = true;
        }
    }

    fn single_quoted(&mut self) {
        let word = self.word.get_or_insert_default();
        word.extend(self.rest.by_ref().take_while(|character| *character != '\''));
    }

    fn double_quoted(&mut self, depth: usize) {
        self.word.get_or_insert_default();
        while let Some(character) = self.rest.next() {
            match character {
                '"' => return,
                '`' => self.backquoted(depth),
                '$' => self.dollar(depth),
                '\\' => match self.rest.next_if(|next| matches!(next, '"' | '\\' | '$' | '`' | '\n')) {
                    Some('\n') => {}
                    Some(next) => self.push(next),
                    None => self.push('\\'),
                },
                other => self.push(other),
            }
        }
    }

    fn escaped(&mut self) {
        match self.rest.next() {
            Some('\n') | None => {}
            Some(next) => self.push(next),
        }
    }

    fn backquoted(&mut self, depth: usize) {
        let inner: String = self.rest.by_ref().take_while(|character| *character != '`').collect();
        self.substituted(&inner, depth);
    }

    /// `$(…)` is taken apart; `$'…'` is a quote; any other `$` stays as it is.
    fn dollar(&mut self, depth: usize) {
        match self.rest.peek() {
            Some('(') => {
                self.rest.next();
                let inner = self.until_closed();
                self.substituted(&inner, depth);
            }
            Some('\'') => {}
            _ => self.push('$'),
        }
    }

    /// Up to the parenthesis that closes, quotes inside respected.
    fn until_closed(&mut self) -> String {
        let (mut inner, mut open, mut quote) = (String::new(), 1_usize, None);
        while let Some(character) = self.rest.next() {
            match (quote, character) {
                (Some(mark), _) if mark == character => quote = None,
                (None, '\'' | '"') => quote = Some(character),
                (None, '(') => open += 1,
                (None, ')') => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                }
                _ => {}
            }
            inner.push(character);
            if character == '\\' && quote != Some('\'') {
                inner.extend(self.rest.next());
            }
        }
        inner
    }

    /// The commands of a substitution; what it would print is unknown and stands for no characters.
    fn substituted(&mut self, inner: &str, depth: usize) {
        self.word.get_or_insert_default();
        if depth == MAX_DEPTH {
            self.too_deep = true;
            return;
        }
        let mut parser = Parser::new(inner);
        parser.parse(depth + 1);
        self.found.append(&mut parser.found);
        self.too_deep |= parser.too_deep;
    }
}

#[cfg(test)]
mod tests {
    use super::commands;

    #[test]
    fn a_line_is_taken_apart_as_a_shell_does_it() {
        for (text, expected) in [
            ("", ""),
            ("ls -l", "ls -l"),
            ("a; b && c || d | e & f\ng", "a/b/c/d/e/f/g"),
            ("(cd x; ls)", "cd x/ls"),
            ("'r'm \"-r\"f", "rm -rf"),
            (r"\rm -r\f a\ b", "rm -rf a b"),
            ("echo 'a; b' \"c && d\"", "echo a; b c && d"),
            ("echo $(a $(b) c) d", "b/a  c/echo  d"),
            ("echo \"x `a b` y\"", "a b/echo x  y"),
            ("echo $(a ')' b)", "a ) b/echo "),
            ("ls # rm", "ls"),
            ("ls a#b", "ls a#b"),
            ("ls 2>&1 >out <in -l", "ls -l"),
            (">x rm a", "rm a"),
            ("cat <(ls)", "cat/ls"),
            ("cat << END\nrm\nEND", "cat/rm/END"),
            ("echo $'a' $HOME", "echo a $HOME"),
            ("echo 'open", "echo open"),
            ("echo $(open", "open/echo "),
        ] {
            let found: Vec<_> = commands(text).unwrap().iter().map(|words| words.join(" ")).collect();
            assert_eq!(found.join("/"), expected, "{text}");
        }
    }

    #[test]
    fn nesting_without_end_is_named() {
        assert_eq!(commands(&"$(".repeat(100_000)), None);
        assert!(commands(&"`\"".repeat(100_000)).is_some());
    }
}
