import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        Map<String, Integer> balances = new TreeMap<>();
        for (int i = 0; i < n; i++) {
            String command = in.next(), name = in.next();
            if (command.equals("add")) balances.merge(name, in.nextInt(), Integer::sum);
            else System.out.println(Optional.ofNullable(balances.get(name)).orElseThrow());
        }
    }
}
