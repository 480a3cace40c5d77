// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

contract TillTest is RevenueTest {
    function deployTill(uint256 asset) internal returns (address till) {
        till = ledger.tillOf(asset);
        token.mint(till, 10);
        sweep(asset);
    }

    function sweep(uint256 asset) internal {
        ledger.sweepMany(address(token), list(asset));
    }

    function allowHostile() internal returns (HostileToken hostile) {
        hostile = new HostileToken();
        vm.prank(governor);
        ledger.setTokenAllowed(address(hostile), true);
    }

    /* sweepMany */

    function test_CreditsTheVersionThatTheRegistryNames() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        address till = ledger.tillOf(model);
        assertEq(till.code.length, 0, "not deployed");
        token.mint(till, 10_000);
        expectEvent();
        emit IRevenueLedger.RevenueReceived(second, address(token), till, 10_000);
        sweep(model);
        assertEq(till.code.length, 63, "deployed where promised");

        token.mint(till, 5);
        sweep(model);
        assertEq(salesOf(second), 10_005, "sales of the second version");
        assertEq(salesOf(model), 0, "sales of the first");
        assertEq(pullableOf(second), 1_100, "it owes what the first owed");
        assertEq(token.balanceOf(till), 0, "empty");
    }

    function test_SweepsTheVersionThatTheOwnerChose() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        vm.prank(boole);
        registry.setTillVersion(model, model);
        token.mint(ledger.tillOf(model), 100);
        sweep(model);
        assertEq(salesOf(second), 100, "not at once");
        vm.warp(block.timestamp + 7 days);
        token.mint(ledger.tillOf(model), 100);
        sweep(model);
        assertEq(salesOf(model), 100, "after a week");
    }

    function test_SkipsEmptyTills() public {
        token.mint(ledger.tillOf(model), 700);
        token.mint(ledger.tillOf(service), 30);
        uint256[] memory assets = new uint256[](5);
        (assets[0], assets[1], assets[2], assets[3], assets[4]) = (dataset, model, model, service, dataset);
        ledger.sweepMany(address(token), assets);
        assertEq(salesOf(model), 700, "once");
        assertEq(salesOf(service), 30, "after an empty one");
        assertEq(salesOf(dataset), 0, "nothing");
        assertEq(ledger.tillOf(dataset).code.length, 0, "not deployed");
        ledger.sweepMany(address(token), list());
    }

    function test_RevertWhen_AssetIsUnknown() public {
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        uint256[4] memory unknown = [uint256(0), second, second + 1, type(uint256).max];
        for (uint256 i; i < unknown.length; ++i) {
            expectSaid(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]);
            sweep(unknown[i]);
            // Money sent to such an address would be lost, or belong to whoever publishes that id.
            expectSaid(IAssetRegistry.AssetRegistry_VersionUnknown.selector, unknown[i]);
            ledger.tillOf(unknown[i]);
        }
        uint256 published = publishFrom(ada, list(), 0);
        assertEq(published, second + 1, "the id that had no till");
        assertTrue(ledger.tillOf(published) != ledger.tillOf(model), "a till of its own");
    }

    function test_RevertWhen_TokenIsNotAllowed() public {
        HostileToken other = new HostileToken();
        other.mint(ledger.tillOf(model), 10);
        expectSaid(IRevenueLedger.RevenueLedger_TokenNotAllowed.selector, address(other));
        ledger.sweepMany(address(other), list(model));
    }

    function test_RevertWhen_TokenTakesAFee() public {
        HostileToken hostile = allowHostile();
        hostile.mint(ledger.tillOf(model), 1000);
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 1000, 990)
        );
        ledger.sweepMany(address(hostile), list(model));
    }

    /// @dev What arrives is measured over all tills together, and each is credited with what it gave.
    function test_RevertWhen_TokenTakesAFeeOfSome() public {
        HostileToken hostile = allowHostile();
        hostile.mint(ledger.tillOf(model), 99);
        hostile.mint(ledger.tillOf(dataset), 1000);
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        ledger.sweepMany(address(hostile), list(model));
        hostile.mint(ledger.tillOf(model), 99);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenUnsupported.selector, address(hostile), 1099, 1089)
        );
        ledger.sweepMany(address(hostile), list(model, dataset));
    }

    function test_RevertWhen_TokenRefuses() public {
        HostileToken hostile = allowHostile();
        hostile.mint(ledger.tillOf(model), 1000);
        HostileToken.Behaviour[2] memory refusals =
            [HostileToken.Behaviour.ReturnsFalse, HostileToken.Behaviour.Reverts];
        for (uint256 i; i < refusals.length; ++i) {
            hostile.set(refusals[i]);
            vm.expectRevert(bytes4(keccak256("TransferFailed()")));
            ledger.sweepMany(address(hostile), list(model));
        }
        hostile.set(HostileToken.Behaviour.ReturnsBomb);
        ledger.sweepMany(address(hostile), list(model));
        (uint256 sales,,,) = ledger.accountOf(model, address(hostile));
        assertEq(sales, 1000, "a long answer is no refusal");
    }

    function test_RevertWhen_TheTotalGrowsTooLarge() public {
        HostileToken hostile = allowHostile();
        hostile.mint(ledger.tillOf(model), (type(uint128).max >> 2) + 1);
        vm.expectPartialRevert(IRevenueLedger.RevenueLedger_TotalTooLarge.selector);
        ledger.sweepMany(address(hostile), list(model));
    }

    function testFuzz_SweepsWhatever(uint128[6] calldata amounts) public {
        uint256[] memory assets = new uint256[](amounts.length);
        uint256 total;
        for (uint256 i; i < amounts.length; ++i) {
            assets[i] = i % 2 == 0 ? publishFrom(ada, list(), 0) : assets[i - 1];
            token.mint(ledger.tillOf(assets[i]), amounts[i] >> 3);
            total += amounts[i] >> 3;
        }
        ledger.sweepMany(address(token), assets);
        uint256 credited;
        for (uint256 i; i < amounts.length; i += 2) {
            credited += salesOf(assets[i]);
        }
        assertEq(credited, total, "credited");
        assertEq(token.balanceOf(address(ledger)), total, "held");
    }

    /* what a till does */

    function test_ObeysTheLedgerOnly() public {
        address till = deployTill(model);
        token.mint(till, 10);
        bytes[6] memory calls = [
            abi.encodeWithSignature("releaseTillToken(address,address,uint256)", token, boole, 10),
            abi.encodeWithSignature(
                "doAsATill(address,uint256,bytes)", token, 0, abi.encodeCall(token.transfer, (boole, 10))
            ),
            abi.encodeCall(token.transfer, (boole, 10)),
            abi.encodeCall(ledger.pay, (model, address(token), 10)),
            abi.encodeCall(ledger.sweepMany, (address(token), list(model))),
            abi.encodeCall(ledger.collectMany, (address(token), list(0, model)))
        ];
        address[4] memory callers = [boole, governor, address(market), address(registry)];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < callers.length; ++j) {
                vm.prank(callers[j]);
                (bool success,) = till.call{gas: 200_000}(calls[i]);
                assertTrue(!success, "refuses");
                vm.prank(callers[j]);
                (success,) = address(ledger).call(i < 2 ? calls[i] : bytes(hex"01020304"));
                assertTrue(!success, "the ledger itself does nothing of the kind");
            }
        }
        assertEq(token.balanceOf(till), 10, "still there");
    }

    /// @dev A till has nothing to initialise, and what it is asked changes nothing.
    function testFuzz_NothingIsDoneInItsName(bytes calldata data, uint96 value) public {
        address till = deployTill(model);
        token.mint(till, 10);
        vm.deal(boole, value);
        vm.prank(boole);
        (bool success,) = till.call{value: value}(data);
        assertTrue(success || till.balance == 0, "a refusal takes no ether");
        assertEq(token.balanceOf(till), 10, "still there");
        assertEq(till.code.length, 63, "the same code");
    }

    /// @dev ERC-1271 wants its own selector for an answer, as tokens do that ask whether they are welcome. A till that
    /// answered any question with the question would sign whatever it is asked to.
    function test_RevertWhen_ASignatureIsAsked() public {
        address till = deployTill(model);
        token.mint(till, 10);
        bytes[3] memory questions = [
            abi.encodeWithSignature("isValidSignature(bytes32,bytes)", keccak256("a permit"), ""),
            abi.encodeWithSignature("isValidSignature(bytes,bytes)", "a permit", ""),
            abi.encodeWithSignature("validateUserOp(bytes32,bytes32,uint256)", 0, 0, 0)
        ];
        for (uint256 i; i < questions.length; ++i) {
            (bool success,) = till.staticcall(questions[i]);
            assertTrue(!success, "refuses");
        }
        vm.expectRevert(abi.encodeWithSignature("TestUSD_BadSignature(address)", till));
        token.transferWithAuthorization(till, boole, 10, 0, type(uint256).max, 0, "");
        vm.expectRevert();
        token.permit(till, boole, 10, type(uint256).max, 27, bytes32(uint256(1)), bytes32(uint256(1)));
    }

    function test_RevertWhen_TheLedgerIsPassedOffAsAToken() public {
        address[3] memory tokens = [address(ledger), ledger.tillOf(model), deployTill(model)];
        for (uint256 i; i < tokens.length; ++i) {
            vm.expectRevert(bytes4(keccak256("TransferFromFailed()")));
            ledger.pay(model, tokens[i], 10);
            vm.prank(governor);
            ledger.setTokenAllowed(tokens[i], true);
            ledger.sweepMany(tokens[i], list(model));
            assertEq(ledger.tillOf(dataset).code.length, 0, "nothing to sweep");
        }
    }
}
